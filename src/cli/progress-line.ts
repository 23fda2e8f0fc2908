/** One line on a terminal that says how far long work has come; nothing elsewhere. */
import { printable } from './escape.ts';

export interface ProgressLine {
  show(text: string): void;
  /** Makes room for other output. */
  clear(): void;
}

const periodMs = 100;

export function createProgressLine(stream: NodeJS.WriteStream): ProgressLine {
  let shownMs = Number.NEGATIVE_INFINITY;
  return {
    show(text) {
      const nowMs = performance.now();
      if (!stream.isTTY || nowMs - shownMs < periodMs) return;
      shownMs = nowMs;
      stream.write(`\r\u001B[K${printable(text).slice(0, Math.max(20, stream.columns - 1))}`);
    },
    clear() {
      if (shownMs > 0 && stream.isTTY) stream.write('\r\u001B[K');
    },
  };
}

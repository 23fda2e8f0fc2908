/** Colours, on a terminal that wants them: `styleText` honours `NO_COLOR` and where the stream goes. */
import { styleText } from 'node:util';
import type { RunStatus } from '../plan/plan.ts';

type Format = Parameters<typeof styleText>[0];

export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  /** A status in its colour; other text stays as it is. */
  readonly status: (text: string) => string;
}

const statusColors: { readonly [S in RunStatus]: Format } = {
  pending: 'dim',
  processing: 'cyan',
  waiting_review: 'cyan',
  compensating: 'yellow',
  complete: 'green',
  failed: 'red',
  cancelled: 'yellow',
};

export function createStyle(stream: NodeJS.WritableStream): Style {
  const apply = (format: Format, text: string) => styleText(format, text, { stream });
  return {
    bold: (text) => apply('bold', text),
    dim: (text) => apply('dim', text),
    red: (text) => apply('red', text),
    status: (text) => {
      const status = text.trim();
      return Object.hasOwn(statusColors, status)
        ? apply(statusColors[status as RunStatus], text)
        : text;
    },
  };
}

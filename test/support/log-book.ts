import type { Logger } from '../../src/index.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  /** What was logged along with the message, bindings of the logger included. */
  readonly [field: string]: unknown;
}

export interface LogBook {
  readonly logger: Logger;
  readonly lines: readonly LogLine[];
  at(level: LogLine['level']): readonly LogLine[];
  /** Lines whose message contains the text. */
  saying(text: string): readonly LogLine[];
}

/** A logger that keeps what it is told. */
export function createLogBook(): LogBook {
  const lines: LogLine[] = [];
  const loggerWith = (bindings: object): Logger => {
    const write =
      (level: LogLine['level']) =>
      (data: object, message = '') =>
        void lines.push({ ...bindings, ...data, level, message });
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (more) => loggerWith({ ...bindings, ...more }),
    };
  };
  return {
    logger: loggerWith({}),
    lines,
    at: (level) => lines.filter((line) => line.level === level),
    saying: (text) => lines.filter((line) => line.message.includes(text)),
  };
}

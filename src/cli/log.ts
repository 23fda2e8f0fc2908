/** The logger of a command: on standard error, as text for people, as pino's JSON lines with `--json`. */
import { type Logger, pino } from 'pino';
import { SignalboxError } from '../errors.ts';
import { printable } from './escape.ts';
import { clockTime } from './format.ts';

export interface LogOptions {
  readonly json: boolean;
  readonly verbose: boolean;
}

/** Level: `SIGNALBOX_LOG`, else `debug` with `--verbose`, else `warn`. */
export function createLog({ json, verbose }: LogOptions, stream: NodeJS.WritableStream): Logger {
  const write = (line: string) => {
    stream.write(json ? `${printable(line.trimEnd())}\n` : `${toLine(line)}\n`);
  };
  return pino(
    {
      level: process.env['SIGNALBOX_LOG'] ?? (verbose ? 'debug' : 'warn'),
      base: null,
      serializers: { err: (error: unknown) => summaryOf(error, verbose) },
    },
    { write },
  );
}

/** Stack traces are for bugs. */
function summaryOf(error: unknown, verbose: boolean): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack } = error;
  if (error instanceof SignalboxError) return { code: error.code, message };
  return { name, message, ...(verbose ? { stack } : {}) };
}

function toLine(line: string): string {
  const { level, time, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const name = pino.levels.labels[Number(level)] ?? 'log';
  const parts = Object.entries(rest).map(([key, value]) => `${key}=${toText(value)}`);
  return printable([clockTime(Number(time)), name.padEnd(5), msg, ...parts].join(' '));
}

function toText(value: unknown): string {
  const isFailure = typeof value === 'object' && value !== null && 'message' in value;
  if (isFailure) return toText(value.message);
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

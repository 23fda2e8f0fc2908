/** Parsers of option values, shared by commands. */
import { userInfo } from 'node:os';
import { InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../plan/duration.ts';

export const runArgument = 'id of the run, or the beginning of it';

const statuses = [
  'pending',
  'processing',
  'waiting_review',
  'compensating',
  'complete',
  'failed',
  'cancelled',
] as const;

export const statusOption = () =>
  new Option('--status <status...>', 'only runs that are so').choices(statuses);

export function labelsOption(description: string): Option {
  return new Option('--label, --labels <name=value>', `${description}; may be repeated`)
    .default({}, 'none')
    .argParser((given, before) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(given) ?? [];
      if (name === undefined || value === undefined) {
        throw new InvalidArgumentError('A label is name=value.');
      }
      return { ...(before as object), [name]: value };
    });
}

/** For options that may be repeated. */
export function collect(given: string, before: readonly string[] = []): readonly string[] {
  return [...before, given];
}

/** The audit trail names a person wherever it can. */
export function actorOption(): Option {
  return new Option('--actor <name>', 'who asks, for the history')
    .env('SIGNALBOX_ACTOR')
    .default(userName(), 'the user of this process');
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'anonymous';
  }
}

export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text))
    throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}

export function parseWhole(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 0.');
  return Number(text);
}

/** Milliseconds. */
export function parseLength(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== null) return durationMs;
  throw new InvalidArgumentError('It must be a duration such as 90s, 12h or 30d.');
}

/** A date (local unless it names a zone), or a duration before now. */
export function parseMomentBefore(text: string): Date {
  return parseMoment(text, -1);
}

/** A date (local unless it names a zone), or a duration from now. */
export function parseMomentAfter(text: string): Date {
  return parseMoment(text, 1);
}

function parseMoment(text: string, direction: 1 | -1): Date {
  const durationMs = parseDuration(text);
  if (durationMs !== null) return new Date(Date.now() + direction * durationMs);
  // A date alone would be midnight in Greenwich; people mean their own.
  const date = new Date(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00` : text);
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('It must be a date such as 2026-03-31 or a duration such as 30d.');
}

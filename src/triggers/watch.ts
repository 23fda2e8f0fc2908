import { z } from 'zod';
import { count, duration, parseOptions, text } from '../definition/options.ts';
import type { Duration } from '../definition/types.ts';
import type { Feed } from './feed.ts';
import { type OneRule, splitOptions } from './rule-options.ts';
import { checkTriggerName, placeOf } from './target.ts';
import { onWebhook, type WebhookRuleOptions } from './webhook-rule.ts';

/** A file whose content has come to rest. */
export const WatchedFile = z.object({
  /** Absolute. */
  path: z.string(),
  /** Within its directory. */
  name: z.string(),
  sizeBytes: z.number(),
  modifiedAt: z.string(),
  /** Of its content, hex. */
  sha256: z.string({ error: 'The file is larger than the trigger reads ("maxBytes")' }),
});
export type WatchedFile = z.infer<typeof WatchedFile>;

/** The directory, when a file counts as written, and what each file starts or signals. */
export type WatchOptions<I> = OneRule<WatchedFile, I> & {
  /** Unique among the triggers of a service; it becomes part of keys. */
  readonly name: string;
  readonly description?: string;
  /** Its files, not those of directories in it; names that begin with a dot are left alone. */
  readonly directory: string;
  /** How long size and time of a file must stay the same before it counts as written. Default: `2s`. */
  readonly settleFor?: Duration;
  /** How often the directory is looked at besides what the system tells, which network drives do not. Default: `30s`. */
  readonly lookEvery?: Duration;
  /** A larger file becomes a dead letter. Default: 1 GiB. */
  readonly maxBytes?: number;
  /** Files of the directory that are looked after; with more of them, the trigger says so. Default: 10,000. */
  readonly maxFiles?: number;
};

/** A directory whose files start runs, each content of each name once. */
export interface Watch extends Feed<'watch'> {
  readonly directory: string;
  readonly settleForMs: number;
  readonly lookEveryMs: number;
  readonly maxBytes: number;
  readonly maxFiles: number;
}

const options = z.strictObject({
  name: text,
  description: text.optional(),
  directory: text,
  settleFor: duration.optional(),
  lookEvery: duration.optional(),
  maxBytes: count(1, Number.MAX_SAFE_INTEGER).optional(),
  maxFiles: count(1, 100_000).optional(),
});

/**
 * A directory whose files start runs. A file counts once it has stopped changing; the same content under the same name counts once, also over
 * restarts, and a changed one again. Files stay where they are: whoever wants them gone removes them in the workflow.
 *
 * @throws SignalboxError `DEFINITION_INVALID`
 * @example
 * export const orders = defineWatch({
 *   name: 'orders', directory: 'inbox', when: ({ name }) => name.endsWith('.csv'),
 *   workflow: importOrders, input: ({ path }) => ({ path }),
 * });
 */
export function defineWatch<I>(definition: WatchOptions<I>): Watch {
  const [rule, rest] = splitOptions(definition);
  const given = parseOptions(placeOf(definition), options, rest);
  checkTriggerName(given.name);
  return {
    trigger: 'watch',
    name: given.name,
    description: given.description ?? null,
    rule: onWebhook({ ...rule, payload: WatchedFile } as unknown as WebhookRuleOptions<
      typeof WatchedFile,
      I
    >),
    directory: given.directory,
    settleForMs: given.settleFor ?? 2_000,
    lookEveryMs: given.lookEvery ?? 30_000,
    maxBytes: given.maxBytes ?? 1024 ** 3,
    maxFiles: given.maxFiles ?? 10_000,
  };
}

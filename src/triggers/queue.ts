import { z } from 'zod';
import { anything, count, parseOptions, text, zodSchema } from '../definition/options.ts';
import { definitionInvalid } from '../plan/problem.ts';
import type { MessageQueue } from '../ports/message-queue.ts';
import type { Feed } from './feed.ts';
import { type OneRule, splitOptions } from './rule-options.ts';
import { checkTriggerName, placeOf } from './target.ts';
import { onWebhook, type WebhookRuleOptions } from './webhook-rule.ts';

/** The queue, the schema of its messages, and what each of them starts or signals. */
export type QueueOptions<S extends z.ZodType, I> = OneRule<z.output<S>, I> & {
  /** Unique among the triggers of a service; it becomes part of keys. */
  readonly name: string;
  readonly description?: string;
  readonly queue: MessageQueue;
  /** Schema of the body, which is JSON. A message that does not fit becomes a dead letter. */
  readonly payload: S;
  /** Messages taken at once. Default: 10. */
  readonly batch?: number;
};

/** A queue whose messages start runs. */
export interface QueueTrigger extends Feed<'queue'> {
  readonly queue: MessageQueue;
  readonly batch: number;
}

const options = z.strictObject({
  name: text,
  description: text.optional(),
  queue: anything,
  payload: zodSchema,
  batch: count(1, 100).optional(),
});

/**
 * A queue whose messages start runs, each id once. A message is acknowledged when it is kept by the service; what it asks for is done
 * afterwards, and one nothing can be done with stands among the dead letters instead of coming again for ever.
 *
 * @throws SignalboxError `DEFINITION_INVALID`
 */
export function defineQueueTrigger<S extends z.ZodType, I>(
  definition: QueueOptions<S, I>,
): QueueTrigger {
  const [rule, rest] = splitOptions(definition);
  const place = placeOf(definition);
  const given = parseOptions(place, options, rest);
  checkTriggerName(given.name);
  if (!isQueue(given.queue)) {
    throw definitionInvalid(place, 'option "queue" must have receive, ack, nack and extend');
  }
  return {
    trigger: 'queue',
    name: given.name,
    description: given.description ?? null,
    rule: onWebhook({ ...rule, payload: given.payload } as unknown as WebhookRuleOptions<S, I>),
    queue: given.queue,
    batch: given.batch ?? 10,
  };
}

function isQueue(value: unknown): value is MessageQueue {
  if (typeof value !== 'object' || value === null) return false;
  return ['receive', 'ack', 'nack', 'extend'].every(
    (name) => typeof (value as Record<string, unknown>)[name] === 'function',
  );
}

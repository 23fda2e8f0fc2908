import { z } from 'zod';
import { anything, oneOf, parseOptions, text } from '../definition/options.ts';
import type { Json } from '../plan/json.ts';
import { bearerScheme } from '../webhooks/bearer.ts';
import { BucketObject, type Notified, notifiedBy } from '../webhooks/bucket-notification.ts';
import { snsScheme } from '../webhooks/sns.ts';
import { toldBySns } from '../webhooks/sns-message.ts';
import { type OneRule, splitOptions } from './rule-options.ts';
import { checkTriggerName, placeOf } from './target.ts';
import {
  checkSecrets,
  type SenderOptions,
  secretsOption,
  topicsOption,
  type Webhook,
} from './webhook.ts';
import { onWebhook, type WebhookRuleOptions } from './webhook-rule.ts';

export type { BucketObject };

type What = BucketObject['what'];

/**
 * `secrets`: what the store sends along, as `Bearer` token or as the password of `Basic`. `topics`: notifications come over these topics of Amazon SNS,
 * signed by Amazon.
 */
export type BucketOptions<I> = OneRule<BucketObject, I> &
  SenderOptions & {
    /** Unique among the triggers of a service: notifications are received at `/webhooks/<name>`. */
    readonly name: string;
    readonly description?: string;
    /** What the trigger has to do with; the rest is acknowledged and forgotten. Default: `['created']`. */
    readonly on?: readonly What[];
  };

const common = {
  name: text,
  description: text.optional(),
  on: z
    .array(oneOf('created', 'removed', 'other'))
    .min(1)
    .optional(),
  when: anything.optional(),
};
const options = z.strictObject({ ...common, secrets: secretsOption });
const snsOptions = z.strictObject({ ...common, topics: topicsOption });

/**
 * Notifications of an object store in the form of a webhook: Amazon S3 over SNS or EventBridge, MinIO. Each change of each object starts a run
 * once, by whichever way it is told.
 *
 * @throws SignalboxError `DEFINITION_INVALID`, `SECRET_INVALID`
 * @example
 * export const uploads = defineBucketTrigger({
 *   name: 'uploads', secrets: { env: ['UPLOADS_TOKEN'] },
 *   workflow: documentIndex, input: ({ bucket, key }) => ({ url: `s3://${bucket}/${key}` }),
 * });
 */
export function defineBucketTrigger<I>(definition: BucketOptions<I>): Webhook {
  const [rule, rest] = splitOptions(definition);
  const place = placeOf(definition);
  const given =
    'topics' in rest ? parseOptions(place, snsOptions, rest) : parseOptions(place, options, rest);
  checkTriggerName(given.name);
  const sender =
    'topics' in given
      ? { scheme: snsScheme, secrets: given.topics, split: notifiedOverSns }
      : { scheme: bearerScheme, secrets: given.secrets, split: notifiedBy };
  checkSecrets(sender.scheme, sender.secrets);
  const wanted: ReadonlySet<What> = new Set<What>(given.on ?? ['created']);
  const { when } = definition;
  const one = onWebhook({
    ...rule,
    payload: BucketObject,
    when: (object, received) => wanted.has(object.what) && when?.(object, received) !== false,
  } as WebhookRuleOptions<typeof BucketObject, I>);
  const events: readonly What[] = ['created', 'removed', 'other'];
  return {
    trigger: 'webhook',
    name: given.name,
    description: given.description ?? null,
    ...sender,
    eventOf: () => null,
    rules: new Map(events.map((event) => [event, one])),
    keepHeaders: [],
    acceptsText: true,
  };
}

/** What is no notification of a store is told as it is, and so becomes a dead letter. */
function notifiedOverSns(payload: Json): readonly Notified[] | null {
  const told = toldBySns(payload);
  return (
    told?.flatMap((one) => (one.event === null ? (notifiedBy(one.payload) ?? one) : one)) ?? null
  );
}

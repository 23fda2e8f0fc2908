import { z } from 'zod';
import { anything, oneOf, parseOptions, text } from '../definition/options.ts';
import { bearerScheme } from '../webhooks/bearer.ts';
import { BucketObject, notifiedBy } from '../webhooks/bucket-notification.ts';
import { type OneRule, splitOptions } from './rule-options.ts';
import { checkTriggerName, placeOf } from './target.ts';
import { checkSecrets, secretsOption, type Webhook, type WebhookSecrets } from './webhook.ts';
import { onWebhook, type WebhookRuleOptions } from './webhook-rule.ts';

export type { BucketObject };

type What = BucketObject['what'];

export type BucketOptions<I> = OneRule<BucketObject, I> & {
  /** Unique among the triggers of a service: notifications are received at `/webhooks/<name>`. */
  readonly name: string;
  readonly description?: string;
  /** What the store sends along: as `Bearer` token, or as the password of `Basic`. Several while one is rotated. */
  readonly secrets: WebhookSecrets;
  /** What the trigger has to do with; the rest is acknowledged and forgotten. Default: `['created']`. */
  readonly on?: readonly What[];
};

const options = z.strictObject({
  name: text,
  description: text.optional(),
  secrets: secretsOption,
  on: z
    .array(oneOf('created', 'removed', 'other'))
    .min(1)
    .optional(),
  when: anything.optional(),
});

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
  const given = parseOptions(placeOf(definition), options, rest);
  checkTriggerName(given.name);
  checkSecrets(bearerScheme, given.secrets);
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
    scheme: bearerScheme,
    secrets: given.secrets,
    eventOf: () => null,
    rules: new Map(events.map((event) => [event, one])),
    keepHeaders: [],
    split: notifiedBy,
    acceptsText: true,
  };
}

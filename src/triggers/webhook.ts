import { z } from 'zod';
import { anything, fieldsOption, oneOf, parseOptions, text } from '../definition/options.ts';
import type { Json } from '../plan/json.ts';
import { definitionInvalid } from '../plan/problem.ts';
import type { Notified } from '../webhooks/bucket-notification.ts';
import type { SecretScheme, WebhookHeaders, WebhookScheme } from '../webhooks/scheme.ts';
import { type Preset, type SecretPreset, schemes } from '../webhooks/schemes.ts';
import { type SnsScheme, snsScheme } from '../webhooks/sns.ts';
import { toldBySns } from '../webhooks/sns-message.ts';
import { checkTriggerName, placeOf } from './target.ts';
import { isWebhookRule, type WebhookRule } from './webhook-rule.ts';

/** Where the secrets of a source are: the texts themselves, or names of environment variables of which at least the first is set. */
export type WebhookSecrets = readonly string[] | { readonly env: readonly string[] };

/** ARNs of topics of Amazon SNS, or names of environment variables of which at least the first is set. */
type SnsTopics = WebhookSecrets;

/** What proves who sends: a secret that both sides know, or, where Amazon signs, the topics that are listened to. */
export type SenderOptions =
  | {
      /** Several while one is rotated: give the new one and the old one, five at most. */
      readonly secrets: WebhookSecrets;
      readonly topics?: never;
    }
  | { readonly topics: SnsTopics; readonly secrets?: never };

/** Where a source is received, and what its events become. */
interface WebhookEvents {
  /** Unique among the triggers of a service: the source is received at `/webhooks/<name>`. */
  readonly name: string;
  readonly description?: string;
  /** Name of what has happened. Default: where the preset's senders say it, such as `type` of the body. */
  readonly eventOf?: (received: {
    readonly payload: Json;
    readonly headers: WebhookHeaders;
  }) => string | null;
  /** Rules made by `onWebhook`, by event; `*` for every event without a rule. What has none becomes a dead letter. */
  readonly events: Readonly<Record<string, WebhookRule>>;
  /** Headers kept beside the payload, for mappings and for whoever looks into it. Default: the preset's that name event and delivery. */
  readonly keepHeaders?: readonly string[];
}

/** `preset` says how the sender signs; `generic`: `X-Signature: sha256=<hex>` over the body. */
export type WebhookOptions = WebhookEvents &
  (
    | (Extract<SenderOptions, { readonly secrets: WebhookSecrets }> & {
        readonly preset: SecretPreset;
      })
    | (Extract<SenderOptions, { readonly topics: SnsTopics }> & { readonly preset: 'sns' })
  );

/** A source of webhooks and what its events become. */
export interface Webhook {
  readonly trigger: 'webhook';
  readonly name: string;
  readonly description: string | null;
  readonly scheme: SecretScheme | SnsScheme;
  /** Topics, where the scheme is `sns`. */
  readonly secrets: WebhookSecrets;
  readonly eventOf: (payload: Json, headers: WebhookHeaders) => string | null;
  readonly rules: ReadonlyMap<string, WebhookRule>;
  readonly keepHeaders: readonly string[];
  /** Of a body that tells several things: each of them, as a delivery of its own; `null`: it is no such body. */
  readonly split?: (payload: Json) => readonly Notified[] | null;
  /** Its sender calls its JSON `text/plain`. */
  readonly acceptsText?: boolean;
}

const maxSecrets = 5;
const secretsError = {
  error: `must be a list of 1 to ${maxSecrets} secrets, or { env: [names of environment variables] }: what nobody signed is not received`,
};
const secret = z.string({ error: 'must be a text' });
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must name an environment variable');

export const secretsOption = z.union(
  [
    z.array(secret).min(1, secretsError).max(maxSecrets, secretsError),
    z.strictObject({ env: z.array(variable).min(1, secretsError).max(maxSecrets, secretsError) }),
  ],
  secretsError,
);

const topicsError = {
  error: `must be a list of 1 to ${maxSecrets} ARNs of topics, or { env: [names of environment variables] }: anybody could send from another topic`,
};

export const topicsOption = z.union(
  [
    z.array(secret).min(1, topicsError).max(maxSecrets, topicsError),
    z.strictObject({ env: z.array(variable).min(1, topicsError).max(maxSecrets, topicsError) }),
  ],
  topicsError,
);

const common = {
  name: text,
  description: text.optional(),
  eventOf: anything.optional(),
  events: fieldsOption('rules made by onWebhook', isWebhookRule),
  keepHeaders: z.array(text).max(20).optional(),
};
const options = z.strictObject({
  ...common,
  preset: oneOf('standard', 'github', 'stripe', 'slack', 'generic', 'bearer'),
  secrets: secretsOption,
});
const snsOptions = z.strictObject({ ...common, preset: z.literal('sns'), topics: topicsOption });

/**
 * A source of webhooks: who may send, and what each event becomes.
 *
 * @throws SignalboxError `DEFINITION_INVALID` if there is no secret or no event, or an option is wrong; `SECRET_INVALID` for a secret that is too
 *   short
 * @example
 * export const documents = defineWebhook({
 *   name: 'document-updated', preset: 'generic', secrets: { env: ['DOCUMENTS_SECRET'] },
 *   events: { created: onWebhook({ payload: DocumentEvent, workflow: documentIndex, input: (event) => event }) },
 * });
 */
export function defineWebhook(definition: WebhookOptions): Webhook {
  const place = placeOf(definition);
  const given =
    definition?.preset === 'sns'
      ? parseOptions(place, snsOptions, definition)
      : parseOptions(place, options, definition);
  checkTriggerName(given.name);
  const sender =
    given.preset === 'sns'
      ? { scheme: snsScheme, secrets: given.topics, split: toldBySns, acceptsText: true }
      : { scheme: schemes[given.preset], secrets: given.secrets };
  const { scheme } = sender;
  checkSecrets(scheme, sender.secrets);
  const rules = new Map(Object.entries(given.events as Readonly<Record<string, WebhookRule>>));
  if (rules.size === 0) {
    throw definitionInvalid(place, 'it has no events; give a rule for one, or for "*"');
  }
  const { eventOf } = definition;
  return {
    trigger: 'webhook',
    name: given.name,
    description: given.description ?? null,
    ...sender,
    eventOf: (payload, headers) =>
      eventOf === undefined ? scheme.eventOf(payload, headers) : eventOf({ payload, headers }),
    rules,
    keepHeaders: (given.keepHeaders ?? keptHeaders[given.preset]).map((name) => name.toLowerCase()),
  };
}

const keptHeaders: { readonly [P in Preset]: readonly string[] } = {
  standard: ['webhook-id', 'webhook-timestamp'],
  github: ['x-github-event', 'x-github-delivery'],
  stripe: [],
  slack: ['x-slack-retry-num', 'x-slack-retry-reason'],
  generic: ['x-delivery-id'],
  bearer: [],
  sns: [],
};

/** Those of the environment are looked up when the service starts. @throws SignalboxError `SECRET_INVALID`, `DEFINITION_INVALID` for what is no topic */
export function checkSecrets(scheme: WebhookScheme, secrets: WebhookSecrets): void {
  if (!('env' in secrets)) keysOf(scheme, secrets);
}

/** @throws SignalboxError `SECRET_INVALID` */
export function keysOf(scheme: WebhookScheme, secrets: readonly string[]): readonly Uint8Array[] {
  return secrets.map((one) => scheme.keyOf(one));
}

import { systemClock } from '../adapters/system/clock.ts';
import { SignalboxError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import { parseSecrets, type Secret, signatureOf } from '../signing.ts';
import type { Notification, Notifier } from './notifier.ts';
import { post } from './post.ts';

/** Where notifications are posted, and what is allowed there. */
export interface HttpNotifierOptions {
  /** http or https. It may hold a secret of its own, as Slack's do: no error repeats more than its host. */
  readonly url: string;
  /** For one delivery; default 10,000. */
  readonly timeoutMs?: number;
  /** Default `public`: loopback and private networks are refused, by address and by what a name points to. */
  readonly addresses?: 'public' | 'any';
  readonly clock?: Pick<Clock, 'nowMs'>;
}

/** Where signed notifications are posted. */
export interface WebhookNotifierOptions extends HttpNotifierOptions {
  /** Shared with the receiver, at least 32 bytes; not the one that signs decision links. */
  readonly secret: Secret;
}

/**
 * Posts a notification as JSON: `{ id, title, text, facts, actions }`. Every attempt has the same bytes and the same headers:
 * `X-Delivery-Id`, by which the receiver drops repeats, and `X-Signature: sha256=<hex>`, the HMAC-SHA256 of the body.
 *
 * @throws SignalboxError `SECRET_INVALID`; `INPUT_INVALID` for an address that is none of http or https
 */
export function createWebhookNotifier(options: WebhookNotifierOptions): Notifier {
  const [key] = parseSecrets([options.secret], 'webhooks');
  if (key === undefined) throw new RangeError('One secret gives one key');
  return httpNotifier('webhook', options, (notification) => {
    const body = JSON.stringify(toPayload(notification));
    return {
      body,
      headers: { 'x-signature': `sha256=${signatureOf(key, body).toString('hex')}` },
    };
  });
}

function toPayload({ id, title, text, facts = [], actions = [] }: Notification) {
  return {
    id,
    title,
    text,
    facts: facts.map(({ label, value }) => ({ label, value })),
    actions: actions.map(({ label, url, style = 'plain' }) => ({ label, url, style })),
  };
}

/** @param toMessage - body and further headers; the same for the same notification */
export function httpNotifier(
  channel: string,
  { url, timeoutMs = 10_000, addresses = 'public', clock = systemClock }: HttpNotifierOptions,
  toMessage: (notification: Notification) => {
    readonly body: string;
    readonly headers: Readonly<Record<string, string>>;
  },
): Notifier {
  const target = URL.parse(url);
  if (target === null || !['http:', 'https:'].includes(target.protocol)) {
    throw new SignalboxError(
      'INPUT_INVALID',
      `The address of the ${channel} notifier must be one of http or https`,
    );
  }
  return {
    channel,
    async notify(notification, { signal } = {}) {
      const { body, headers } = toMessage(notification);
      await post({
        url: target,
        body,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'signalbox',
          'x-delivery-id': notification.id,
          ...headers,
        },
        addresses,
        timeoutMs,
        nowMs: clock.nowMs(),
        signal,
      });
      return { channel, deliveryId: notification.id };
    },
  };
}

/** From the bytes of a request to a delivery that is known to be its sender's. */
import { SignalboxError } from '../../errors.ts';
import type { Json } from '../../plan/json.ts';
import { parseFormBody, parseJsonBody } from '../../webhooks/body.ts';
import type { SignedRequest, WebhookHeaders } from '../../webhooks/scheme.ts';
import type { Source } from './sources.ts';
import { sha256 } from './stored.ts';

export interface GenuineDelivery {
  readonly deliveryId: string;
  readonly event: string | null;
  readonly payload: Json;
  /** Those the source keeps. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Longer ones stand as their hash. */
const maxIdLength = 200;
const maxEventLength = 200;
const maxHeaderLength = 1_000;

/**
 * The signature is checked over the bytes before anything is made of them.
 *
 * @returns several of a body that tells several things
 * @throws SignalboxError `WEBHOOK_UNSIGNED`, `WEBHOOK_INVALID`
 */
export function genuineDeliveries(
  source: Source,
  request: SignedRequest,
  nowMs: number,
): readonly GenuineDelivery[] {
  const { webhook, keys } = source;
  const { scheme } = webhook;
  const { headers, body } = request;
  const verdict = scheme.verify(request, keys, nowMs);
  if (!verdict.isGenuine) {
    const what = scheme.name === 'sns' ? 'topic and subscription' : 'secret';
    throw new SignalboxError('WEBHOOK_UNSIGNED', verdict.reason, {
      details: { source: webhook.name },
      hint: `Compare the ${what} on both sides; see docs/webhooks.md`,
    });
  }
  const payload = payloadOf(headers['content-type'] ?? '', body, webhook.acceptsText === true);
  const id = verdict.id ?? scheme.idOf(payload) ?? `sha256:${sha256(body)}`;
  return deliveriesOf(source, headers, { id, payload });
}

/** Of a body that is known to be its sender's. */
export function deliveriesOf(
  { webhook }: Source,
  headers: WebhookHeaders,
  whole: { readonly id: string; readonly payload: Json },
): readonly GenuineDelivery[] {
  const told = webhook.split?.(whole.payload) ?? [{ ...whole, event: null }];
  return told.map(({ id, event, payload }) => ({
    deliveryId: id.length > maxIdLength ? `sha256:${sha256(id)}` : id,
    event: (event ?? webhook.eventOf(payload, headers))?.slice(0, maxEventLength) ?? null,
    payload,
    headers: kept(headers, webhook.keepHeaders),
  }));
}

/** @throws SignalboxError `WEBHOOK_INVALID` */
function payloadOf(contentType: string, body: Uint8Array, isText: boolean): Json {
  const [type = ''] = contentType.toLowerCase().split(';');
  try {
    const isJson = /^application\/([a-z0-9.+-]+\+)?json$/.test(type.trim());
    if (isJson || (isText && type.trim() === 'text/plain')) return parseJsonBody(body);
    if (type.trim() === 'application/x-www-form-urlencoded') return parseFormBody(body);
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    throw new SignalboxError('WEBHOOK_INVALID', error.message, { cause: error });
  }
  throw new SignalboxError('WEBHOOK_INVALID', 'The content type is neither JSON nor a form', {
    hint: 'Send "content-type: application/json"',
  });
}

function kept(headers: WebhookHeaders, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, value.slice(0, maxHeaderLength)] as const];
    }),
  );
}

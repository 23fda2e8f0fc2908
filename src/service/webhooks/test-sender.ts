/** Sends what a sender would send: signed here where that can be done, then verified and received like any other. */

import { SignalboxError } from '../../errors.ts';
import type { Json } from '../../plan/json.ts';
import { anSnsMessage } from '../../webhooks/sns-message.ts';
import type { ServiceParts } from '../parts.ts';
import { deliveriesOf, type GenuineDelivery, genuineDeliveries } from './genuine.ts';
import type { Inbox } from './inbox.ts';
import type { Source } from './sources.ts';

export interface TestDelivery {
  readonly payload: Json;
  readonly event?: string;
  readonly deliveryId?: string;
  /** Actor of whatever it starts. */
  readonly testedBy: string;
}

/** @throws SignalboxError `WEBHOOK_CLOSED`, and what any delivery may be refused with */
export async function sendTest(
  { clock, ids }: Pick<ServiceParts, 'clock' | 'ids'>,
  inbox: Pick<Inbox, 'accept'>,
  source: Source,
  test: TestDelivery,
): Promise<{ readonly deliveryId: string; readonly deliveryKey: string | null }> {
  const { webhook, keys, problem } = source;
  const [key] = keys;
  if (key === undefined) {
    throw new SignalboxError('WEBHOOK_CLOSED', `Source "${webhook.name}" is not open: ${problem}`, {
      details: { source: webhook.name },
    });
  }
  const nowMs = clock.nowMs();
  const body = JSON.stringify(test.payload);
  const id = test.deliveryId ?? `test-${ids.token()}`;
  const deliveries = deliveriesOfTest(source, { ...test, body, id, key, nowMs });
  const accepted = await Promise.all(
    deliveries.map(async (delivery) => ({
      deliveryId: delivery.deliveryId,
      deliveryKey: await inbox.accept(webhook.name, delivery, test.testedBy),
    })),
  );
  return accepted[0] ?? { deliveryId: id, deliveryKey: null };
}

function deliveriesOfTest(
  source: Source,
  {
    event,
    body,
    ...given
  }: Pick<TestDelivery, 'event'> & {
    readonly id: string;
    readonly body: string;
    readonly key: Uint8Array;
    readonly nowMs: number;
  },
): readonly GenuineDelivery[] {
  const { scheme } = source.webhook;
  // only Amazon can sign for it
  if (scheme.name === 'sns')
    return deliveriesOf(source, {}, { id: given.id, payload: anSnsMessage({ ...given, body }) });
  const headers = {
    'content-type': 'application/json',
    ...(event === undefined ? {} : { 'x-github-event': event }),
    ...scheme.sign({ ...given, body }),
  };
  return genuineDeliveries(source, { headers, body: Buffer.from(body) }, given.nowMs);
}

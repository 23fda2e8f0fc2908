/** Sends what a sender would send: signed here, then verified and received like any other. */

import { SignalboxError } from '../../errors.ts';
import type { Json } from '../../plan/json.ts';
import type { ServiceParts } from '../parts.ts';
import { genuineDeliveries } from './genuine.ts';
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
  const headers = {
    'content-type': 'application/json',
    ...(test.event === undefined ? {} : { 'x-github-event': test.event }),
    ...webhook.scheme.sign({ id, body, key, nowMs }),
  };
  const deliveries = genuineDeliveries(source, { headers, body: Buffer.from(body) }, nowMs);
  const accepted = await Promise.all(
    deliveries.map(async (delivery) => ({
      deliveryId: delivery.deliveryId,
      deliveryKey: await inbox.accept(webhook.name, delivery, test.testedBy),
    })),
  );
  return accepted[0] ?? { deliveryId: id, deliveryKey: null };
}

/** Everything that was received, done or not, newest first. */
import type { z } from 'zod';
import type { WebhookDelivery } from '../../api/webhooks.ts';
import type { Store } from '../../ports/store.ts';
import { deliveriesCollection, inboxCollection, StoredArrival, StoredDelivery } from './stored.ts';

export type DeliveryView = z.input<typeof WebhookDelivery>;

const pageSize = 100;

/** @param before - key of the last one of the page before */
export async function listDeliveries(
  store: Pick<Store, 'records'>,
  { source, before, limit }: { source?: string; before?: string; limit: number },
): Promise<{ readonly deliveries: readonly DeliveryView[]; readonly isMore: boolean }> {
  const found: DeliveryView[] = [];
  let last = before;
  for (;;) {
    const page = {
      order: 'descending',
      limit: pageSize,
      ...(last === undefined ? {} : { before: last }),
    } as const;
    const [waiting, processed] = await Promise.all([
      store.records(inboxCollection, page),
      store.records(deliveriesCollection, page),
    ]);
    const views = [
      ...waiting.map(({ key, value }) => waitingView(key, StoredArrival.parse(value))),
      ...processed.map(({ key, value }) => processedView(key, StoredDelivery.parse(value))),
    ];
    // beyond the end of either page there may be more of it
    const ends = [waiting, processed].flatMap((one) =>
      one.length < pageSize ? [] : (one.at(-1)?.key ?? []),
    );
    const end = ends.toSorted().at(-1);
    const sure = views
      .filter(({ deliveryKey }) => end === undefined || deliveryKey >= end)
      .sort((a, b) => (a.deliveryKey < b.deliveryKey ? 1 : -1));
    found.push(...sure.filter((view) => source === undefined || view.source === source));
    if (found.length > limit || end === undefined) break;
    last = end;
  }
  return { deliveries: found.slice(0, limit), isMore: found.length > limit };
}

function waitingView(deliveryKey: string, arrival: StoredArrival): DeliveryView {
  return {
    deliveryKey,
    source: arrival.source,
    deliveryId: arrival.deliveryId,
    event: arrival.event,
    receivedAt: new Date(arrival.receivedAtMs).toISOString(),
    status: 'accepted',
    processedAt: null,
    target: null,
    runId: null,
    testedBy: arrival.testedBy,
    problem: null,
  };
}

export function processedView(deliveryKey: string, delivery: StoredDelivery): DeliveryView {
  const { receivedAtMs, processedAtMs, ...rest } = delivery;
  return {
    deliveryKey,
    ...rest,
    receivedAt: new Date(receivedAtMs).toISOString(),
    processedAt: new Date(processedAtMs).toISOString(),
  };
}

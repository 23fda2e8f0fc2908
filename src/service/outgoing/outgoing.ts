/** Webhooks that go out: runs and reviews told of to whoever asked for it. */
import type { FastifyInstance } from 'fastify';
import type { ServiceParts } from '../parts.ts';
import { type Collector, createCollector } from './collector.ts';
import { createEndpoints, type Endpoints, type FixedEndpoint } from './endpoints.ts';
import { createSender, type Sender } from './sender.ts';
import { removal, settledCollection, waitingCollection } from './stored.ts';

export interface OutgoingSettings {
  /** Beside those that calls add. Default: none. */
  readonly endpoints?: readonly FixedEndpoint[];
  /** Default `public`: loopback and private networks are refused, by address and by what a name points to. */
  readonly addresses?: 'public' | 'any';
  /** How long deliveries that were sent or given up are kept. Default: 30 days. */
  readonly keepForMs?: number;
}

export interface Outgoing {
  readonly endpoints: Endpoints;
  readonly sender: Sender;
  readonly collector: Collector;
  /** Removes everything that was to be sent to an endpoint, or was sent. */
  forget(endpointId: string): Promise<void>;
}

const everyMs = 60 * 60 * 1000;
/** How often deliveries are looked for that another process has left. */
const takeOverEveryMs = 60_000;
const pageSize = 200;

/** Goes on where an earlier process stopped when the app is ready; ends with the app. */
export function createOutgoing(
  app: FastifyInstance,
  parts: ServiceParts,
  settings: OutgoingSettings,
): Outgoing {
  const { store, clock, log } = parts;
  const { addresses = 'public', keepForMs = 30 * 24 * everyMs } = settings;
  const endpoints = createEndpoints(parts, settings.endpoints ?? [], addresses);
  const sender = createSender(parts, endpoints, addresses);
  const collector = createCollector(parts, endpoints, sender, keepForMs);
  const timers = new Set<() => void>();
  let isClosed = false;

  async function removeAll(collection: string, prefix: string, before?: string): Promise<void> {
    for (;;) {
      const page = await store.records(collection, {
        prefix,
        limit: pageSize,
        ...(before === undefined ? {} : { before }),
      });
      if (page.length > 0) await store.saveRecords(page.map(removal));
      if (page.length < pageSize) return;
    }
  }

  async function sweep(): Promise<void> {
    const before = new Date(clock.nowMs() - keepForMs).toISOString();
    for (const { id } of endpoints.all())
      await removeAll(settledCollection, `${id}/`, `${id}/${before}`);
    await collector.tidy();
  }

  function every(timeMs: number, work: () => Promise<void>, failure: string): void {
    const cancel = clock.after(timeMs, () => {
      timers.delete(cancel);
      work()
        .catch((error: unknown) => log.error({ err: error }, failure))
        .finally(() => every(timeMs, work, failure));
    });
    if (isClosed) cancel();
    else timers.add(cancel);
  }

  app.addHook('onReady', async () => {
    await endpoints.load();
    await sender.scheduleAll();
    collector.listen();
    every(everyMs, sweep, 'old deliveries could not be removed');
    if (store.shared) {
      every(takeOverEveryMs, () => sender.scheduleAll(), 'what waits could not be looked through');
    }
  });
  app.addHook('onClose', async () => {
    isClosed = true;
    for (const cancel of timers) cancel();
    await collector.close();
    await sender.close();
  });

  return {
    endpoints,
    sender,
    collector,
    async forget(endpointId) {
      await removeAll(waitingCollection, `${endpointId}/`);
      await removeAll(settledCollection, `${endpointId}/`);
    },
  };
}

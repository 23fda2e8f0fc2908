import type { z } from 'zod';
import { api } from '../../api/api.ts';
import type { Endpoint, OutgoingDelivery } from '../../api/endpoints.ts';
import { SignalboxError } from '../../errors.ts';
import type { StoredRecord } from '../../ports/store.ts';
import type { Bind } from '../bind.ts';
import type { ServiceParts } from '../parts.ts';
import type { KnownEndpoint } from './endpoints.ts';
import { eventIdOf } from './events.ts';
import type { Outgoing } from './outgoing.ts';
import { removal, StoredDelivery, settledCollection, waitingCollection } from './stored.ts';

const pageSize = 200;
/** Deliveries counted for a list of endpoints. */
const maxCounted = 1_000;

export function serveEndpoints(bind: Bind, parts: ServiceParts, outgoing: Outgoing): void {
  const { endpoints, sender, collector } = outgoing;
  const { audit, clock, ids, store } = parts;

  async function viewOf(endpoint: KnownEndpoint): Promise<z.input<typeof Endpoint>> {
    const { id, url, description, events, workflows, status, isFixed, createdAtMs } = endpoint;
    const waiting = await store.records(waitingCollection, { prefix: `${id}/`, limit: maxCounted });
    return {
      endpointId: id,
      url,
      description,
      events,
      workflows,
      status,
      isFixed,
      createdAt: new Date(createdAtMs).toISOString(),
      waiting: waiting.length,
    };
  }

  async function known(endpointId: string): Promise<KnownEndpoint> {
    await endpoints.refresh();
    const endpoint = endpoints.get(endpointId);
    if (endpoint !== null) return endpoint;
    throw new SignalboxError('ENDPOINT_NOT_FOUND', `There is no endpoint "${endpointId}"`, {
      details: { endpointId },
    });
  }

  bind(api.endpoints.list, async () => {
    await endpoints.refresh();
    return { endpoints: await Promise.all(endpoints.all().map(viewOf)) };
  });

  bind(api.endpoints.create, async ({ body }, { caller }) => {
    const endpoint = await endpoints.add(body);
    collector.listen();
    const host = new URL(endpoint.url).host;
    await audit.record(caller, 'endpoint.created', `endpoint/${endpoint.id}`, { host });
    return { ...(await viewOf(endpoint)), secret: endpoint.secret };
  });

  bind(api.endpoints.update, async ({ params: { endpointId }, body }, { caller }) => {
    const endpoint = await endpoints.change(endpointId, body);
    if (endpoint.status === 'active') await sender.scheduleAll(endpointId);
    const changed = Object.keys(body);
    await audit.record(caller, 'endpoint.changed', `endpoint/${endpointId}`, { changed });
    return viewOf(endpoint);
  });

  bind(api.endpoints.remove, async ({ params: { endpointId } }, { caller }) => {
    await endpoints.remove(endpointId);
    await outgoing.forget(endpointId);
    await audit.record(caller, 'endpoint.removed', `endpoint/${endpointId}`);
    return undefined;
  });

  bind(api.endpoints.rotate, async ({ params: { endpointId } }, { caller }) => {
    const secret = await endpoints.rotate(endpointId);
    await audit.record(caller, 'endpoint.secret-rotated', `endpoint/${endpointId}`);
    return { secret };
  });

  bind(api.endpoints.test, async ({ params: { endpointId } }, { caller }) => {
    const { id } = await known(endpointId);
    const told = {
      id: eventIdOf(ids.token()),
      type: 'endpoint.test',
      atMs: clock.nowMs(),
      runId: null,
      workflow: null,
      data: { sentBy: caller.name },
    } as const;
    const deliveryKey = await collector.deliver(id, told);
    if (deliveryKey === null) throw new RangeError('A new event is known already');
    await audit.record(caller, 'endpoint.tested', `endpoint/${id}`);
    return { deliveryKey };
  });

  bind(api.endpoints.deliveries, async ({ params: { endpointId }, query }) => {
    const { id } = await known(endpointId);
    const found: StoredRecord[] = [];
    const collection = query.status === 'waiting' ? waitingCollection : settledCollection;
    for await (const record of newestFirst(collection, id, query.cursor)) {
      if (query.status === 'dead' && record.value['status'] !== 'dead') continue;
      found.push(record);
      if (found.length > query.limit) break;
    }
    const shown = found.slice(0, query.limit);
    return {
      deliveries: shown.map(deliveryView),
      cursor: found.length > shown.length ? (shown.at(-1)?.key ?? null) : null,
    };
  });

  async function* newestFirst(
    collection: string,
    endpointId: string,
    cursor: string | undefined,
  ): AsyncIterable<StoredRecord> {
    let before = cursor;
    do {
      const page = await store.records(collection, {
        prefix: `${endpointId}/`,
        order: 'descending',
        limit: pageSize,
        ...(before === undefined ? {} : { before }),
      });
      yield* page;
      before = page.length < pageSize ? undefined : page.at(-1)?.key;
    } while (before !== undefined);
  }

  bind(api.endpoints.replay, async ({ params: { endpointId }, body }, { caller }) => {
    const { id } = await known(endpointId);
    const wanted = body.deliveryKeys === undefined ? null : new Set(body.deliveryKeys);
    let replayed = 0;
    for await (const record of newestFirst(settledCollection, id, undefined)) {
      const { key, value } = record;
      if (value['status'] !== 'dead' || wanted?.has(key) === false) continue;
      const nowMs = clock.nowMs();
      const back = {
        ...StoredDelivery.parse(value),
        status: 'waiting' as const,
        attempts: 0,
        nextAtMs: nowMs,
      };
      const isBack = await store.saveRecords([
        removal(record),
        { collection: waitingCollection, key, expectedRevision: 0, value: back },
      ]);
      if (!isBack) continue;
      replayed += 1;
      sender.schedule(key, nowMs);
    }
    await audit.record(caller, 'endpoint.replayed', `endpoint/${id}`, { replayed });
    return { replayed };
  });
}

function deliveryView({ key, value }: StoredRecord): z.input<typeof OutgoingDelivery> {
  const { eventId, type, runId, status, attempts, nextAtMs, lastStatus, lastError, atMs } =
    StoredDelivery.parse(value);
  return {
    deliveryKey: key,
    eventId,
    type,
    runId,
    status,
    attempts,
    nextAttemptAt: status === 'waiting' ? new Date(nextAtMs).toISOString() : null,
    lastStatus,
    lastError,
    at: new Date(atMs).toISOString(),
  };
}

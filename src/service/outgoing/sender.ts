/**
 * Sends what waits, by a schedule that stands in the store: after a crash it goes on where it was. A delivery that was sent when the crash came is
 * sent again, with the same id and the same body.
 */

import { failureOfStatus } from '../../definition/http-failure.ts';
import { PermanentError, TransientError } from '../../errors.ts';
import { type Answer, type Post, send } from '../../notify/post.ts';
import { textOf } from '../../plan/json-value.ts';
import type { StoredRecord } from '../../ports/store.ts';
import { standardScheme } from '../../webhooks/standard.ts';
import { createLanes } from '../lanes.ts';
import type { ServiceParts } from '../parts.ts';
import type { Endpoints, KnownEndpoint } from './endpoints.ts';
import {
  endpointIdOf,
  removal,
  StoredDelivery,
  settledCollection,
  waitingCollection,
} from './stored.ts';

export interface Sender {
  /** Sends a delivery that is in the store when its time has come. */
  schedule(key: string, atMs: number): void;
  /** All that waits, of one endpoint or of all. */
  scheduleAll(endpointId?: string): Promise<void>;
  /** Sends nothing more; resolves when nothing is being sent. */
  close(): Promise<void>;
}

/** Waits before the second and each later attempt: three days in all. */
export const retryAfterMs: readonly number[] = [
  5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 10_800_000, 21_600_000, 43_200_000,
  86_400_000, 86_400_000,
];
const maxRetryAfterMs = 86_400_000;
const timeoutMs = 15_000;
/** For how long an attempt is one process's. After a crash another one goes on then. */
const leaseMs = 60_000;
/** So long a delivery to an endpoint that this process does not know is left to the others. */
const unknownForMs = 7 * 24 * 60 * 60_000;
const concurrency = 32;
const ofOneEndpoint = 4;
const pageSize = 200;
const maxErrorLength = 300;
const gone = 410;

export function createSender(
  { store, clock, ids, log }: ServiceParts,
  endpoints: Endpoints,
  addresses: Post['addresses'],
): Sender {
  const timers = new Map<string, () => void>();
  const ready = createLanes(() => ofOneEndpoint);
  /** Deliveries that are tried now: whoever wants them scheduled meanwhile does not have them sent twice. */
  const inHand = new Set<string>();
  const working = new Set<Promise<void>>();
  const closing = new AbortController();

  function schedule(key: string, atMs: number): void {
    if (closing.signal.aborted || timers.has(key) || inHand.has(key)) return;
    const cancel = clock.after(Math.max(0, atMs - clock.nowMs()), () => {
      ready.add(endpointIdOf(key), key);
      workOff();
    });
    timers.set(key, cancel);
  }

  function workOff(): void {
    while (working.size < concurrency) {
      const next = ready.next();
      if (next === null) return;
      const { lane, key } = next;
      const work = attempt(key)
        .catch((error: unknown) => {
          log.error({ err: error, delivery: key }, 'a webhook could not be sent now');
          schedule(key, clock.nowMs() + 60_000);
        })
        .finally(() => {
          working.delete(work);
          ready.done(lane);
          workOff();
        });
      working.add(work);
    }
  }

  async function attempt(key: string): Promise<void> {
    timers.delete(key);
    if (closing.signal.aborted) return;
    inHand.add(key);
    let nextAtMs: number | null = null;
    try {
      nextAtMs = await settled(key);
    } finally {
      inHand.delete(key);
    }
    if (nextAtMs !== null) schedule(key, nextAtMs);
  }

  /** @returns when to look at it again */
  async function settled(key: string): Promise<number | null> {
    await endpoints.refresh();
    const found = await store.record(waitingCollection, key);
    const endpoint = endpoints.get(endpointIdOf(key));
    if (found === null) return null;
    const delivery = StoredDelivery.parse(found.value);
    if (endpoint === null) {
      // another process may have it in its settings, or have added it just now
      const isAnothers = store.shared && clock.nowMs() - delivery.atMs < unknownForMs;
      if (!isAnothers) await store.saveRecords([removal(found)]);
      return null;
    }
    // it goes on when the endpoint does
    if (endpoint.status !== 'active') return null;
    const record = await taken(found);
    if ('nextAtMs' in record) return record.nextAtMs;
    return settle(record, endpoint, delivery, await sendOnce(endpoint, delivery));
  }

  /** Of several processes on a store one sends it; it is the others' again when its time is up. */
  async function taken(
    record: StoredRecord,
  ): Promise<StoredRecord | { readonly nextAtMs: number }> {
    if (!store.shared) return record;
    const { key, revision, value } = record;
    const delivery = StoredDelivery.parse(value);
    const nowMs = clock.nowMs();
    if (nowMs < delivery.nextAtMs) return { nextAtMs: delivery.nextAtMs };
    const nextAtMs = nowMs + leaseMs;
    const leased = { ...delivery, nextAtMs };
    const isOurs = await store.saveRecords([
      { collection: waitingCollection, key, expectedRevision: revision, value: leased },
    ]);
    return isOurs ? { ...record, revision: revision + 1, value: leased } : { nextAtMs };
  }

  async function giveBack({ key, revision }: StoredRecord, value: StoredDelivery): Promise<null> {
    if (!store.shared) return null;
    await store.saveRecords([
      { collection: waitingCollection, key, expectedRevision: revision, value },
    ]);
    return null;
  }

  async function sendOnce(
    endpoint: KnownEndpoint,
    { eventId, body }: StoredDelivery,
  ): Promise<Outcome> {
    const headers = signatureHeaders(endpoint, eventId, body, clock.nowMs());
    try {
      const answer = await send({
        url: new URL(endpoint.url),
        body,
        headers: { 'content-type': 'application/json', 'user-agent': 'signalbox', ...headers },
        addresses,
        timeoutMs,
        signal: closing.signal,
      });
      return outcomeOf(answer, clock.nowMs());
    } catch (error) {
      const isForGood = error instanceof PermanentError;
      return {
        kind: isForGood ? 'refused' : 'failed',
        status: null,
        error: textOf(error),
        retryAfterMs: null,
      };
    }
  }

  async function settle(
    record: StoredRecord,
    endpoint: KnownEndpoint,
    delivery: StoredDelivery,
    outcome: Outcome,
  ): Promise<number | null> {
    if (closing.signal.aborted && outcome.kind !== 'sent') return giveBack(record, delivery);
    const attempts = delivery.attempts + 1;
    const wait = retryAfterMs[attempts - 1];
    const isOver = outcome.kind === 'refused' || outcome.kind === 'gone' || wait === undefined;
    const jittered = (wait ?? 0) * (0.8 + ids.random() * 0.4);
    const asked = Math.min(outcome.retryAfterMs ?? 0, maxRetryAfterMs);
    const nextAtMs = clock.nowMs() + Math.max(jittered, asked);
    const next: StoredDelivery = {
      ...delivery,
      attempts,
      nextAtMs,
      status: outcome.kind === 'sent' ? 'sent' : isOver ? 'dead' : 'waiting',
      lastStatus: outcome.status,
      lastError: outcome.error?.slice(0, maxErrorLength) ?? null,
    };
    const { key, revision } = record;
    const of = { delivery: key, status: outcome.status };
    if (outcome.kind === 'gone' && !endpoint.isFixed) {
      await endpoints.change(endpoint.id, { status: 'disabled' });
      log.warn(of, 'an endpoint is gone and was disabled');
    }
    if (next.status === 'waiting') {
      const isSaved = await store.saveRecords([
        { collection: waitingCollection, key, expectedRevision: revision, value: next },
      ]);
      return isSaved ? nextAtMs : null;
    }
    if (next.status === 'dead') log.warn(of, 'a webhook was given up');
    await store.saveRecords([
      removal(record),
      { collection: settledCollection, key, expectedRevision: 0, value: next },
    ]);
    return null;
  }

  return {
    schedule,
    async scheduleAll(endpointId) {
      const prefix = endpointId === undefined ? '' : `${endpointId}/`;
      let after: string | undefined;
      do {
        const page = await store.records(waitingCollection, {
          prefix,
          limit: pageSize,
          ...(after === undefined ? {} : { after }),
        });
        for (const { key, value } of page) schedule(key, StoredDelivery.parse(value).nextAtMs);
        after = page.length < pageSize ? undefined : page.at(-1)?.key;
      } while (after !== undefined);
    },
    async close() {
      closing.abort();
      for (const cancel of timers.values()) cancel();
      await Promise.all(working);
    },
  };
}

interface Outcome {
  readonly kind: 'sent' | 'failed' | 'refused' | 'gone';
  readonly status: number | null;
  readonly error: string | null;
  readonly retryAfterMs: number | null;
}

function outcomeOf({ status, retryAfter }: Answer, nowMs: number): Outcome {
  if (status >= 200 && status <= 299)
    return { kind: 'sent', status, error: null, retryAfterMs: null };
  const kind = status === gone ? 'gone' : 'failed';
  const isRedirect = status >= 300 && status <= 399;
  const error = `answered with ${status}${isRedirect ? ': redirects are not followed' : ''}`;
  // any status may come with it here
  const failure = failureOfStatus(503, error, { retryAfter, nowMs });
  return {
    kind,
    status,
    error,
    retryAfterMs: failure instanceof TransientError ? (failure.retryAfterMs ?? null) : null,
  };
}

function signatureHeaders(
  { secret, oldSecret, oldSecretUntilMs }: KnownEndpoint,
  id: string,
  body: string,
  nowMs: number,
): Readonly<Record<string, string>> {
  const secrets = [secret, ...(oldSecret !== null && nowMs < oldSecretUntilMs ? [oldSecret] : [])];
  const signed = secrets.map((one) =>
    standardScheme.sign({ id, body, key: standardScheme.keyOf(one), nowMs }),
  );
  return {
    ...signed[0],
    'webhook-signature': signed.map((one) => one['webhook-signature']).join(' '),
  };
}

/** Whom the service tells: endpoints of the settings, and those that were added by calls. */
import { randomBytes } from 'node:crypto';
import { SignalboxError } from '../../errors.ts';
import { refusePrivateHost } from '../../notify/addresses.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import type { Store } from '../../ports/store.ts';
import { standardScheme } from '../../webhooks/standard.ts';
import { updateRecord } from '../update-record.ts';
import type { OutgoingType } from './events.ts';
import { endpointsCollection, StoredEndpoint } from './stored.ts';

export interface FixedEndpoint {
  /** Letters, digits and dashes; it becomes part of keys. */
  readonly id: string;
  readonly url: string;
  /** `whsec_` and base64. */
  readonly secret: string;
  readonly events: readonly OutgoingType[];
  /** Default: of every workflow. */
  readonly workflows?: readonly string[];
}

export interface KnownEndpoint extends StoredEndpoint {
  readonly id: string;
  readonly isFixed: boolean;
}

type Changes = { -readonly [K in keyof StoredEndpoint]?: StoredEndpoint[K] };

export interface Endpoints {
  /** As read last. */
  all(): readonly KnownEndpoint[];
  get(id: string): KnownEndpoint | null;
  /** Reads them from the store. */
  load(): Promise<void>;
  /** Reads them again if another process may have changed them. */
  refresh(): Promise<void>;
  /** @throws SignalboxError `INPUT_INVALID` for an address that is none, or private */
  add(
    given: Pick<StoredEndpoint, 'url' | 'description' | 'events' | 'workflows'>,
  ): Promise<KnownEndpoint>;
  /** @throws SignalboxError `ENDPOINT_NOT_FOUND`, `INPUT_INVALID` */
  change(id: string, changes: Changes): Promise<KnownEndpoint>;
  /** @throws SignalboxError `ENDPOINT_NOT_FOUND` */
  rotate(id: string): Promise<string>;
  /** @throws SignalboxError `ENDPOINT_NOT_FOUND` */
  remove(id: string): Promise<void>;
}

const maxEndpoints = 100;
/** For so long what other processes change is not seen. */
const freshForMs = 1_000;
const oldSecretForMs = 24 * 60 * 60 * 1000;

/** @throws SignalboxError `SECRET_INVALID`, `INPUT_INVALID` for endpoints of the settings that cannot be */
export function createEndpoints(
  { store, clock, ids }: { readonly store: Store; readonly clock: Clock; readonly ids: Ids },
  fixed: readonly FixedEndpoint[],
  addresses: 'public' | 'any',
): Endpoints {
  const settled = fixed.map((one) => knownOf(one, clock.nowMs()));
  for (const { url } of settled) checkUrl(url, addresses);
  let stored: readonly KnownEndpoint[] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;

  async function load(): Promise<void> {
    readAtMs = clock.monotonicMs();
    const records = await store.records(endpointsCollection, { limit: maxEndpoints });
    stored = records.map(({ key, value }) => ({
      id: key,
      isFixed: false,
      ...StoredEndpoint.parse(value),
    }));
  }

  const all = () => [...settled, ...stored];

  async function change(
    id: string,
    changes: (now: StoredEndpoint) => Changes,
  ): Promise<KnownEndpoint> {
    let isThere = false;
    await updateRecord(store, endpointsCollection, id, (record) => {
      isThere = record !== null;
      if (record === null) return undefined;
      const now = StoredEndpoint.parse(record.value);
      const next = { ...now, ...changes(now) };
      checkUrl(next.url, addresses);
      return next;
    });
    await load();
    const changed = stored.find((one) => one.id === id);
    if (!isThere || changed === undefined) throw notFound(id);
    return changed;
  }

  return {
    all,
    load,
    async refresh() {
      if (store.shared && clock.monotonicMs() - readAtMs >= freshForMs) await load();
    },
    get: (id) => all().find((one) => one.id === id) ?? null,
    async add(given) {
      checkUrl(given.url, addresses);
      await load();
      if (stored.length >= maxEndpoints) {
        throw new SignalboxError('INPUT_INVALID', `There are ${maxEndpoints} endpoints already`, {
          details: { limit: maxEndpoints },
          hint: 'Remove one that nobody needs any more',
        });
      }
      const id = `ep-${ids.token()}`;
      const value: StoredEndpoint = {
        ...given,
        status: 'active',
        secret: freshSecret(),
        oldSecret: null,
        oldSecretUntilMs: 0,
        createdAtMs: clock.nowMs(),
      };
      await updateRecord(store, endpointsCollection, id, () => value);
      await load();
      return { id, isFixed: false, ...value };
    },
    change: (id, changes) => change(id, () => changes),
    async rotate(id) {
      const secret = freshSecret();
      const oldSecretUntilMs = clock.nowMs() + oldSecretForMs;
      await change(id, (now) => ({ secret, oldSecret: now.secret, oldSecretUntilMs }));
      return secret;
    },
    async remove(id) {
      let isThere = false;
      await updateRecord(store, endpointsCollection, id, (record) => {
        isThere = record !== null;
        return null;
      });
      await load();
      if (!isThere) throw notFound(id);
    },
  };
}

function knownOf(
  { id, url, secret, events, workflows }: FixedEndpoint,
  nowMs: number,
): KnownEndpoint {
  if (!/^[a-zA-Z0-9-]{1,64}$/.test(id)) {
    throw new SignalboxError(
      'INPUT_INVALID',
      `"${id}" is no id of an endpoint: letters, digits and dashes`,
    );
  }
  standardScheme.keyOf(secret);
  return {
    id,
    isFixed: true,
    url,
    description: '',
    events: [...events],
    workflows: workflows === undefined ? null : [...workflows],
    status: 'active',
    secret,
    oldSecret: null,
    oldSecretUntilMs: 0,
    createdAtMs: nowMs,
  };
}

function freshSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** What a name points to is checked when it is connected to. */
function checkUrl(text: string, addresses: 'public' | 'any'): void {
  const url = URL.parse(text);
  if (
    url === null ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.username !== '' ||
    url.password !== ''
  ) {
    throw new SignalboxError(
      'INPUT_INVALID',
      'The address of an endpoint is one of http or https, without a user',
      {
        details: { issues: [{ path: ['url'], message: 'must be an address of http or https' }] },
      },
    );
  }
  if (addresses === 'any') return;
  try {
    refusePrivateHost(url);
    if (/(^|\.)localhost\.?$/i.test(url.hostname))
      throw new Error(`"${url.hostname}" is this machine`);
  } catch (error) {
    throw new SignalboxError(
      'INPUT_INVALID',
      error instanceof Error ? error.message : String(error),
      {
        details: { issues: [{ path: ['url'], message: 'is a private address' }] },
        cause: error,
      },
    );
  }
}

function notFound(id: string): SignalboxError {
  return new SignalboxError(
    'ENDPOINT_NOT_FOUND',
    `There is no endpoint "${id}" that calls can change`,
    {
      details: { endpointId: id },
    },
  );
}

/** What is held now, for the whole engine: asked by every change of a run, so it is in memory; changed rarely, durably, and by compare-and-set. */
import { SignalboxError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { Store } from '../ports/store.ts';
import {
  type Holder,
  type HoldRecord,
  type HoldScope,
  held,
  heldMs,
  holdersOf,
  lifted,
  noHolds,
  parseHolds,
  scopesOf,
  wakeName,
} from './hold-record.ts';

/** What holds the runs of one workflow now. */
export interface Hold {
  readonly holders: ReturnType<typeof holdersOf>;
  /** Names under which a held run waits for its end. */
  readonly wakeNames: readonly string[];
}

/** How the runs of a workflow stand now. */
export interface Standstill {
  readonly holders: Hold['holders'];
  /** How long they have stood still in all. */
  readonly heldMs: number;
  readonly nowMs: number;
}

export interface Holds {
  /** `null`: its runs may go on. */
  of(workflow: string): Hold | null;
  /** How long runs of the workflow have stood still up to now, in all. */
  heldMs(workflow: string): number;
  /** `null`: they have never been held. */
  standstillOf(workflow: string): Standstill | null;
  list(): ReturnType<typeof scopesOf>;
  /** Names under which runs wait that were held and are not any more. */
  lifted(): readonly string[];
  /** Reads what other processes have changed. @returns whether anything has */
  refresh(): Promise<boolean>;
  /** Durable, and in force in this process, when it resolves. @returns `false` if it was so already */
  hold(scope: HoldScope, by: { readonly actor: string; readonly reason: string }): Promise<boolean>;
  lift(scope: HoldScope, actor: string, sinceMs?: number | null): Promise<boolean>;
}

const collection = 'holds';
const key = 'runs';
const maxTries = 20;

export async function createHolds(store: Store, clock: Clock, log: Logger): Promise<Holds> {
  let record: HoldRecord = noHolds;
  let revision = 0;
  const known = new Map<string, Hold | null>();

  function take(next: HoldRecord, nextRevision: number): void {
    record = next;
    revision = nextRevision;
    known.clear();
  }

  async function refresh(): Promise<boolean> {
    const found = await store.record(collection, key);
    if (found === null || found.revision === revision) return false;
    take(parseHolds(found.value), found.revision);
    return true;
  }

  async function change(decide: (now: HoldRecord) => HoldRecord | null): Promise<boolean> {
    for (let tries = 0; tries < maxTries; tries += 1) {
      await refresh();
      const next = decide(record);
      if (next === null) return false;
      const value = { ...next };
      if (await store.saveRecords([{ collection, key, expectedRevision: revision, value }])) {
        take(next, revision + 1);
        return true;
      }
    }
    throw new SignalboxError('STORE_UNAVAILABLE', 'The pause could not be written', {
      hint: 'Several processes change it all the time; try again',
    });
  }

  function holdOf(workflow: string): Hold | null {
    const holders = holdersOf(record, workflow);
    if (holders.length === 0) return null;
    return { holders, wakeNames: holders.map(({ scope }) => wakeName(scope)) };
  }

  await refresh();
  return {
    of(workflow) {
      if (revision === 0) return null;
      const cached = known.get(workflow);
      if (cached !== undefined) return cached;
      const hold = holdOf(workflow);
      known.set(workflow, hold);
      return hold;
    },
    heldMs: (workflow) => (revision === 0 ? 0 : heldMs(record, workflow, clock.nowMs())),
    standstillOf: (workflow) =>
      revision === 0
        ? null
        : {
            holders: holdersOf(record, workflow),
            heldMs: heldMs(record, workflow, clock.nowMs()),
            nowMs: clock.nowMs(),
          },
    list: () => scopesOf(record),
    lifted: () =>
      revision === 0
        ? []
        : scopesOf(record).flatMap(({ scope, on }) => (on === null ? [wakeName(scope)] : [])),
    refresh,
    async hold(scope, by) {
      const holder: Holder = { sinceMs: clock.nowMs(), ...by };
      const isNew = await change((now) => held(now, scope, holder));
      if (isNew) log.warn({ scope, ...by }, 'runs are paused: nothing more of them begins');
      return isNew;
    },
    async lift(scope, actor, sinceMs = null) {
      const isNew = await change((now) => lifted(now, scope, clock.nowMs(), sinceMs));
      if (isNew) log.info({ scope, actor }, 'runs are resumed');
      return isNew;
    },
  };
}

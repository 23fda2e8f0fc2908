/** The state of schedules and what became of their slots, in records. */
import type { Logger } from '../../ports/logger.ts';
import type { RecordChange, Store } from '../../ports/store.ts';
import { FireRecord, iso, ScheduleState } from './state.ts';

const states = 'schedules';
const fires = 'schedule-fires';
/** Entries about slots that are kept of each schedule. */
const keptFires = 100;

export interface Entry {
  readonly name: string;
  /** 0: not stored yet. */
  readonly revision: number;
  readonly state: ScheduleState;
}

export interface Book {
  entry(name: string): Promise<Entry | null>;
  /** Those created by a call; at most 1,000. One that cannot be read is left out. */
  entries(): Promise<readonly Entry[]>;
  /** State and entries in one write. @returns `false` if another process was faster: nothing is written */
  save(entry: Entry, state: ScheduleState, written?: readonly FireRecord[]): Promise<boolean>;
  remove(entry: Entry): Promise<boolean>;
  fire(name: string, slotMs: number): Promise<FireRecord | null>;
  /** Newest slot first; `before` is a key of an earlier page. */
  fires(
    name: string,
    page: { readonly limit: number; readonly before?: string },
  ): Promise<readonly { readonly key: string; readonly fire: FireRecord }[]>;
}

export function createBook(store: Store, log: Logger): Book {
  async function changesOf(name: string, written: readonly FireRecord[]) {
    const changes: RecordChange[] = [];
    let added = 0;
    for (const fire of written) {
      const key = fireKey(name, fire);
      const known = await store.record(fires, key);
      if (known === null) added += 1;
      changes.push({
        collection: fires,
        key,
        expectedRevision: known?.revision ?? 0,
        value: fire,
      });
    }
    return { changes, added };
  }

  return {
    async entry(name) {
      const record = await store.record(states, name);
      if (record === null) return null;
      return { name, revision: record.revision, state: ScheduleState.parse(record.value) };
    },
    async entries() {
      const records = await store.records(states, { limit: 1_000 });
      return records.flatMap(({ key, revision, value }) => {
        const state = ScheduleState.safeParse(value);
        if (state.success) return [{ name: key, revision, state: state.data }];
        log.error({ err: state.error, schedule: key }, 'a schedule cannot be read; it is left out');
        return [];
      });
    },
    async save({ name, revision }, state, written = []) {
      const { changes, added } = await changesOf(name, written);
      const count = state.fires + added;
      const tooOld =
        count <= keptFires
          ? []
          : await store.records(fires, { prefix: `${name}/`, limit: count - keptFires });
      const removed = tooOld
        .filter(({ key }) => changes.every((change) => change.key !== key))
        .map(({ key, revision }) => ({
          collection: fires,
          key,
          expectedRevision: revision,
          value: null,
        }));
      return store.saveRecords([
        {
          collection: states,
          key: name,
          expectedRevision: revision,
          value: { ...state, fires: count - removed.length },
        },
        ...changes,
        ...removed,
      ]);
    },
    async remove({ name, revision }) {
      const left = await store.records(fires, { prefix: `${name}/`, limit: 900 });
      return store.saveRecords([
        { collection: states, key: name, expectedRevision: revision, value: null },
        ...left.map((record) => ({
          collection: fires,
          key: record.key,
          expectedRevision: record.revision,
          value: null,
        })),
      ]);
    },
    async fire(name, slotMs) {
      const record = await store.record(fires, `${name}/${iso(slotMs)}`);
      return record === null ? null : FireRecord.parse(record.value);
    },
    async fires(name, { limit, before }) {
      const records = await store.records(fires, {
        prefix: `${name}/`,
        order: 'descending',
        limit,
        ...(before === undefined ? {} : { before }),
      });
      return records.map(({ key, value }) => ({ key, fire: FireRecord.parse(value) }));
    },
  };
}

/** A run by hand may fall on a slot. */
function fireKey(name: string, { slotMs, cause }: FireRecord): string {
  return `${name}/${iso(slotMs)}${cause === 'manual' ? '-manual' : ''}`;
}

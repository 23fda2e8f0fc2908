/** Where a scene is executed: a store, and a way in which its process is disturbed. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryStore } from '../../adapters/memory/index.ts';
import type { Store } from '../../ports/store.ts';
import type { CrashMode, CrashStore } from './crash-report.ts';
import { lowdbMedium, type Medium, memoryFolder, memoryMedium, sqliteMedium } from './media.ts';
import type { Scene } from './scene.ts';
import { createStage } from './stage.ts';
import { standstillTrial } from './standstill.ts';
import { attempt } from './trial.ts';

/** One execution of a scene. */
export interface Execution {
  readonly observed: unknown;
  /** Every place of the first process, in order. */
  readonly places: readonly string[];
  readonly isDisturbed: boolean;
  /** Effects that were had once more. */
  readonly repeated: number;
  /** See `Stage.isUndecided`. */
  readonly isUndecided: boolean;
}

export interface Lab {
  readonly store: CrashStore;
  readonly mode: CrashMode;
  /** Executions at the same time. */
  readonly width: number;
  execute(scene: Scene, at: CrashPlace | null, draw: () => number): Promise<Execution>;
}

/** Where the first process is disturbed. */
export interface CrashPlace {
  /** From 1. */
  readonly number: number;
  /** Of the undisturbed execution. */
  readonly places: readonly string[];
}

/** Everything but real processes. */
export type LabMode = Exclude<CrashMode, 'sigkill'>;

interface LabInProcess extends Lab {
  readonly mode: LabMode;
}

const labs: readonly LabInProcess[] = [
  killing('memory', 'kill', () => memoryMedium()),
  killing('lowdb', 'kill', () => lowdbMedium()),
  killing('sqlite', 'kill', () => exclusive(sqliteMedium())),
  killing('lowdb', 'power_loss', (draw) =>
    lowdbMedium(draw() < 0.5 ? { kind: 'all' } : { kind: 'some', draw }),
  ),
  standingStill('memory', sharedMemory),
  standingStill('sqlite', sharedSqlite),
];

/** @throws RangeError if none of the stores can be disturbed in one of the modes */
export function labsFor(
  stores: readonly CrashStore[],
  modes: readonly LabMode[],
): readonly LabInProcess[] {
  const chosen = labs.filter(({ store, mode }) => stores.includes(store) && modes.includes(mode));
  for (const mode of modes) {
    if (chosen.some((lab) => lab.mode === mode)) continue;
    const possible = labs.filter((lab) => lab.mode === mode).map(({ store }) => store);
    throw new RangeError(`Mode "${mode}" needs the store ${possible.join(' or ')}`);
  }
  return chosen;
}

/** For each mode the store on which it is fastest. */
export function storesFor(modes: readonly LabMode[]): readonly CrashStore[] {
  const first = modes.flatMap((mode) => labs.find((lab) => lab.mode === mode)?.store ?? []);
  return [...new Set(first)];
}

/** @param createMedium - called once an execution */
export function killing(
  store: CrashStore,
  mode: LabMode,
  createMedium: (draw: () => number) => Medium,
): LabInProcess {
  return {
    store,
    mode,
    width: 1,
    async execute(scene, at, draw) {
      const kills = at === null ? [] : [at.number];
      const trial = await attempt({ scene, medium: createMedium(draw), createStage, kills });
      return { ...trial, isDisturbed: trial.deaths.length > 0 };
    },
  };
}

/** One process at a time: what a dead one left is taken up at once, not when its lease is over. */
function exclusive(medium: Medium): Medium {
  return { ...medium, open: async (life) => ({ ...(await medium.open(life)), shared: false }) };
}

/** A store that several processes have open at the same time. */
export interface SharedStore {
  open(): Promise<Store>;
  dispose(): Promise<void>;
}

export function standingStill(store: CrashStore, share: () => SharedStore): LabInProcess {
  return {
    store,
    mode: 'standstill',
    width: 1,
    async execute(scene, at) {
      const shared = share();
      try {
        const suspendAt = [at?.number ?? Number.POSITIVE_INFINITY] as const;
        const { open } = shared;
        const trial = await standstillTrial({ scene, open, createStage, suspendAt });
        return { ...trial, isDisturbed: trial.stops.length > 0, repeated: 0 };
      } finally {
        await shared.dispose();
      }
    },
  };
}

export function sharedMemory(wrap: (store: Store) => Store = (store) => store): SharedStore {
  const store = wrap({ ...createMemoryStore(), shared: true, close: async () => {} });
  return { open: async () => store, dispose: async () => {} };
}

export function sharedSqlite(): SharedStore {
  const file = join(memoryFolder(), `signalbox-shared-${randomUUID()}.db`);
  const opened: Store[] = [];
  return {
    async open() {
      const { openSqliteStore } = await import('../../adapters/sqlite/index.ts');
      const store = await openSqliteStore(file);
      opened.push(store);
      return store;
    },
    async dispose() {
      for (const store of opened) await store.close();
      for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    },
  };
}

/** Entities: state by name and key that outlives runs. A command is applied once per id, however often its attempt is repeated. */
import { SignalboxError } from '../errors.ts';
import type { Json } from '../plan/json.ts';
import type { EntityAccess } from '../ports/bindings.ts';
import type { AppliedCommand, EntityRecord, Fence, Store } from '../ports/store.ts';
import { canonical } from './canonical.ts';
import { type PersistDeps, persist } from './persist.ts';
import type { Settings } from './settings.ts';

export interface EntityDeps extends PersistDeps {
  readonly store: Store;
  readonly settings: Settings;
  readonly inFlight: ReadonlyMap<string, unknown>;
}

/** On whose behalf: the run that repeats the command, the fence of the run that executes it, and the token of the attempt. */
export interface EntityScope {
  readonly runId: string;
  readonly fence: Fence;
  /** `null`: what runs beside the chart and has none. */
  readonly token: string | null;
}

export interface Entities {
  of(scope: EntityScope): EntityAccess;
}

/** Commands kept before it is looked which of them can no longer be repeated. */
const trimEvery = 64;
/** Commands of runs that have not ended, with their results, may take this many times the size of one value. */
const maxRecordFactor = 16;

export function createEntities(deps: EntityDeps): Entities {
  const { store, settings } = deps;
  /** Commands of one entity wait for each other here; those of other processes are met by compare-and-set. */
  const turns = new Map<string, Promise<unknown>>();

  function inTurn<T>(name: string, key: string, work: () => Promise<T>): Promise<T> {
    const id = JSON.stringify([name, key]);
    const turn = (turns.get(id) ?? Promise.resolve()).then(work, work);
    turns.set(id, turn);
    const leave = () => {
      if (turns.get(id) === turn) turns.delete(id);
    };
    turn.then(leave, leave);
    return turn;
  }

  async function change(
    { runId, fence, token }: EntityScope,
    { name, key, id, next }: Parameters<EntityAccess['change']>[0],
  ): Promise<Json> {
    for (;;) {
      const record = await persist(deps, () => store.entity(name, key));
      const known = record?.applied.find((command) => command.id === id);
      if (known !== undefined) return known.output;
      const { state, output } = next(record?.state ?? null);
      checkSize(`State of entity "${name}" with key "${key}"`, state, settings.maxPayloadBytes);
      const applied = [...(await stillRepeatable(record?.applied ?? [])), { id, runId, output }];
      const revision = (record?.revision ?? 0) + 1;
      const saved: EntityRecord = { name, key, revision, state, applied };
      checkSize(
        `Entity "${name}" with key "${key}", with the results of commands whose runs have not ended,`,
        saved,
        settings.maxPayloadBytes * maxRecordFactor,
      );
      const outcome = await persist(deps, async () =>
        token === null || deps.inFlight.has(token) ? store.saveEntity(saved, fence) : 'stale',
      );
      if (outcome === 'saved') return output;
      if (outcome === 'stale')
        throw new SignalboxError(
          'LEASE_LOST',
          `The attempt in run "${runId}" no longer counts; its command to entity "${name}" was refused`,
          { details: { runId, entity: name, key } },
        );
    }
  }

  /** Without the commands that nobody can repeat any more: their runs are complete, or gone. */
  async function stillRepeatable(
    applied: readonly AppliedCommand[],
  ): Promise<readonly AppliedCommand[]> {
    if (applied.length === 0 || applied.length % trimEvery !== 0) return applied;
    const over = new Map<string, boolean>();
    for (const { runId } of applied)
      if (!over.has(runId)) over.set(runId, await isOver(runId).catch(() => false));
    return applied.filter(({ runId }) => over.get(runId) !== true);
  }

  /** What a child did is undone by its parent, so it is over with the outermost. */
  async function isOver(runId: string): Promise<boolean> {
    const run = await store.load(runId);
    if (run === null) return true;
    const { parent } = run.header;
    return parent === null ? run.state.status === 'complete' : isOver(parent.runId);
  }

  return {
    of: (scope) => ({
      read: async (name, key) =>
        (await persist(deps, () => store.entity(name, key)))?.state ?? null,
      change: (command) => inTurn(command.name, command.key, () => change(scope, command)),
    }),
  };
}

function checkSize(what: string, value: unknown, maxBytes: number): void {
  const bytes = Buffer.byteLength(canonical(value));
  if (bytes <= maxBytes) return;
  throw new SignalboxError(
    'PAYLOAD_TOO_LARGE',
    `${what} has ${bytes} bytes; at most ${maxBytes} are kept`,
    {
      details: { bytes, maxBytes },
      hint: 'Spread the state over more keys, or keep a reference to the data instead of the data',
    },
  );
}

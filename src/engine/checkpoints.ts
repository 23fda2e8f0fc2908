import { SignalboxError } from '../errors.ts';
import type { Json } from '../plan/json.ts';
import { copyJson } from '../plan/json-value.ts';
import type { Store } from '../ports/store.ts';
import { canonical } from './canonical.ts';
import type { LiveRun } from './live-run.ts';
import { type PersistDeps, persist } from './persist.ts';
import type { Settings } from './settings.ts';

interface CheckpointDeps extends PersistDeps {
  readonly store: Store;
  readonly settings: Settings;
  readonly inFlight: ReadonlyMap<string, unknown>;
}

/** The `checkpoint` of one attempt: a part computed once, whatever attempt asks for it. Fenced by the attempt's token and the run's epoch. */
export function createCheckpoints(deps: CheckpointDeps, run: LiveRun, path: string, token: string) {
  const { id } = run.header;
  const { generation, epoch } = run.state;
  let known: Promise<Map<string, Json>> | null = null;
  return async (name: string, compute: () => Promise<unknown>): Promise<unknown> => {
    known ??= persist(deps, () => deps.store.checkpoints(id, generation, path)).then(
      (found) => new Map(found.map((checkpoint) => [checkpoint.name, checkpoint.value])),
    );
    const recorded = await known;
    if (recorded.has(name)) return recorded.get(name);
    const computed = await compute();
    const plain = copyJson(computed ?? null);
    if (!plain.ok) {
      const [issue] = plain.issues;
      throw new SignalboxError(
        'VALUE_NOT_SERIALISABLE',
        `Checkpoint "${name}" of step "${path}"${issue?.path.length ? ` at ${issue.path.join('.')}` : ''}: ${issue?.message ?? ''}`,
      );
    }
    const bytes = Buffer.byteLength(canonical(plain.value));
    if (bytes > deps.settings.maxPayloadBytes) {
      throw new SignalboxError(
        'PAYLOAD_TOO_LARGE',
        `Checkpoint "${name}" of step "${path}" has ${bytes} bytes; at most ${deps.settings.maxPayloadBytes} are kept`,
      );
    }
    const checkpoint = { runId: id, generation, path, name, value: plain.value };
    const stillMine = await persist(
      deps,
      async () =>
        deps.inFlight.has(token) && deps.store.saveCheckpoint(checkpoint, { runId: id, epoch }),
    );
    if (!stillMine)
      throw new SignalboxError(
        'LEASE_LOST',
        `Attempt of step "${path}" in run "${id}" no longer counts; its checkpoint was refused`,
      );
    recorded.set(name, plain.value);
    // Not what was computed: with and without a crash in between, the task sees the same.
    return plain.value;
  };
}

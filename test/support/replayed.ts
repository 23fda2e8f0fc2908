/** What every commit of a store said of a run, and whether its history, replayed, says the same. */
import { expect } from 'vitest';
import { statusOf, toStored } from '../../src/chart/advance.ts';
import { createCatalogue, type WorkflowSource } from '../../src/engine/catalogue.ts';
import { replayRun } from '../../src/engine/replay.ts';
import type { OpenItem, RunBody } from '../../src/engine/run-body.ts';
import type { RunState, Store } from '../../src/ports/store.ts';

export interface Recorder {
  readonly store: Store;
  /** Replays the run to the entry of each commit and compares; returns how many there were. */
  expectReplays(runId: string, workflows: readonly WorkflowSource[]): Promise<number>;
}

export function recorder(inner: Store): Recorder {
  const states = new Map<string, RunState[]>();
  return {
    store: {
      ...inner,
      async commit(batch) {
        const outcomes = await inner.commit(batch);
        for (const [index, { runId, state }] of batch.entries()) {
          if (outcomes[index]?.outcome !== 'committed') continue;
          states.set(runId, [...(states.get(runId) ?? []), structuredClone(state)]);
        }
        return outcomes;
      },
    },
    async expectReplays(runId, workflows) {
      const found = await inner.load(runId);
      if (found === null) throw new Error(`No run "${runId}"`);
      const definition = await createCatalogue(workflows, inner).definitionOf(found.header);
      const history = await inner.history(runId, { afterSeq: 0, limit: 10_000 });
      // Of commits without an entry the last one is what stands after it.
      const last = new Map((states.get(runId) ?? []).map((state) => [state.seq, state]));
      for (const [seq, state] of last) {
        const run = replayRun(found.header, definition, history.slice(0, seq));
        const body = state.body as unknown as RunBody;
        expect({
          seq,
          snapshot: JSON.parse(JSON.stringify(toStored(run.snapshot))),
          status: statusOf(run.snapshot),
          generation: run.state.generation,
          pausedAtMs: run.state.pausedAtMs,
          finishedAtMs: run.state.finishedAtMs,
          data: run.data,
          milestones: run.milestones,
          outcome: run.outcome,
          open: run.open.map(comparable).sort(inOrder),
        }).toEqual({
          seq,
          snapshot: body.snapshot,
          status: state.status,
          generation: state.generation,
          pausedAtMs: state.pausedAtMs,
          finishedAtMs: state.finishedAtMs,
          data: body.data,
          milestones: body.milestones,
          outcome: body.outcome,
          open: body.open.map(comparable).sort(inOrder),
        });
      }
      return last.size;
    },
  };
}

/** Without what belongs to the process that was at it: tokens, and how often a work was handed out. */
function comparable(item: OpenItem): object {
  const { token: _token, dispatches: _dispatches, ...rest } = { token: '', dispatches: 0, ...item };
  return JSON.parse(JSON.stringify(rest));
}

const inOrder = (a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

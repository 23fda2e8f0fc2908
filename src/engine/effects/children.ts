/** Runs inside a run: started, told to go on, and heard of when they have ended. */
import { statusOf } from '../../chart/advance.ts';
import { copyJson } from '../../plan/json-value.ts';
import type { ChildStep } from '../../plan/plan.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { Message } from '../../ports/store.ts';
import { type Draft, openItem } from '../draft.ts';
import { toError } from '../failure-data.ts';
import type { Incoming } from '../incoming.ts';
import { childRunId } from '../keys.ts';
import { readerOf } from '../live-run.ts';

/** Children of children of …; deeper is refused. */
export const maxChildDepth = 50;

export function startChild(draft: Draft, step: string): readonly Incoming[] {
  const { run, tools } = draft;
  const node = run.definition.index.nodes.get(step);
  if (node?.kind !== 'child') return [];
  const depth = run.header.depth + 1;
  if (depth > maxChildDepth) {
    const failure = {
      step,
      name: 'NestingTooDeep',
      message: `More than ${maxChildDepth} workflows inside each other`,
      retryable: false,
    };
    return [
      {
        event: { type: `${step}.failed`, failure },
        actor: 'signalbox',
        step,
        error: toError(failure),
      },
    ];
  }
  const failedChild = run.recorded === null ? undefined : run.failedChildren.get(step);
  const runId = failedChild ?? childRunId(run.header.id, step, draft.seq);
  openItem(draft, { kind: 'child', step, runId, sinceMs: tools.nowMs, dueAtMs: null });
  draft.messages.push(
    failedChild === undefined
      ? startMessage(draft, node, runId, depth)
      : retryMessage(draft, runId),
  );
  return [];
}

function startMessage(draft: Draft, node: ChildStep, runId: string, depth: number): Message {
  const { run, tools } = draft;
  const { actor, priority, labels } = run.header;
  const input = copyJson(resolveWiring(node.input, readerOf(run)) ?? null);
  return {
    id: `${runId}/start`,
    runId: null,
    kind: 'start',
    atMs: tools.nowMs,
    body: {
      runId,
      workflow: node.workflow,
      version: node.version,
      input: input.ok ? input.value : null,
      parent: { runId: run.header.id, step: node.id },
      depth,
      actor,
      priority,
      labels,
    },
  };
}

/** The child goes on where it failed, or afresh if it was rolled back. */
function retryMessage(draft: Draft, runId: string): Message {
  const { run, tools } = draft;
  const parent = `run:${run.header.id}`;
  return {
    id: `${runId}/retry/${run.state.revision}`,
    runId,
    kind: 'retry',
    atMs: tools.nowMs,
    body: { acceptNotUndone: true, reason: `${parent} is retried`, actor: parent },
  };
}

/** How a child has ended; its output is read from the child itself. */
export function tellParent(draft: Draft): void {
  const { run, tools } = draft;
  const { id, parent } = run.header;
  if (parent === null) return;
  draft.messages.push({
    id: `${id}/result/${run.state.revision}`,
    runId: parent.runId,
    kind: 'child_result',
    atMs: tools.nowMs,
    body: {
      step: parent.step,
      runId: id,
      status: statusOf(run.snapshot),
      failure: run.outcome?.failure ?? null,
      ...(run.outcome === null ? {} : { compensation: run.outcome.compensation }),
    },
  });
}

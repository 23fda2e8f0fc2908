/** From a stored run to a recording: children along with it, nothing sensitive. */
import { historyUpTo } from '../../engine/history-pages.ts';
import { redact } from '../../engine/redact.ts';
import { SignalboxError } from '../../errors.ts';
import type { Json, JsonObject } from '../../plan/json.ts';
import type { Plan } from '../../plan/plan.ts';
import type { AttemptOutcome } from '../../ports/executor.ts';
import type { HistoryEntry, Store, StoredRun } from '../../ports/store.ts';
import { moveOf, textOf } from './moves.ts';
import { type Course, isCompared, type RecordedRun, type Recording } from './recording.ts';
import { withStandIns } from './stand-ins.ts';

/**
 * @param runId - of a run in the store; one that still waits is recorded as far as it has come
 * @throws SignalboxError `RUN_NOT_FOUND`, `DEFINITION_MISSING` if its plan is not in the store
 */
export async function recordRun(
  store: Store,
  runId: string,
): Promise<{ readonly recording: Recording; readonly course: Course }> {
  const { stored, plan, entries } = await read(store, runId);
  const { header } = stored;
  const startAtMs = entries[0]?.data?.['startAtMs'];
  const recording: Recording = {
    workflow: header.workflow,
    version: header.version,
    input: withStandIns(header.input, plan.sensitiveInput),
    actor: header.actor,
    labels: header.labels,
    priority: header.priority,
    startAtMs: typeof startAtMs === 'number' ? startAtMs : null,
    runs: await recordedRuns(store, runId, new Set()),
  };
  return { recording, course: courseOf(stored, plan, entries) };
}

async function read(store: Store, runId: string) {
  const stored = await store.load(runId);
  if (stored === null)
    throw new SignalboxError('RUN_NOT_FOUND', `No run "${runId}" in the store`, {
      details: { runId },
    });
  const { workflow, version, planHash } = stored.header;
  const plan = await store.plan(workflow, version, planHash);
  if (plan === null)
    throw new SignalboxError('DEFINITION_MISSING', `The store has no plan of run "${runId}"`, {
      details: { runId },
    });
  return { stored, plan, entries: await historyUpTo(store, stored, stored.state.seq) };
}

async function recordedRuns(
  store: Store,
  runId: string,
  seen: Set<string>,
): Promise<readonly RecordedRun[]> {
  if (seen.has(runId)) return [];
  seen.add(runId);
  const { plan, entries } = await read(store, runId);
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  const kept = new Set(
    entries.flatMap(({ event, data }) =>
      event === 'signal.kept' ? [textOf(data, 'signal') ?? ''] : [],
    ),
  );
  const own: RecordedRun = {
    runId,
    entries: entries.map((entry) => {
      const move = moveOf(entry, { plan, nodes, kept });
      const { seq, atMs, event, to } = entry;
      return { seq, atMs, event, status: to, ...(move === null ? {} : { move }) };
    }),
    items: await itemsOf(store, runId, plan, entries),
  };
  const children: RecordedRun[] = [];
  const page = await store.list({ parent: runId, limit: 1_000 });
  for (const child of page.runs)
    children.push(...(await recordedRuns(store, child.header.id, seen)));
  return [own, ...children];
}

/** What the tasks of each item gave; an item that failed says so where its results end. */
async function itemsOf(
  store: Store,
  runId: string,
  plan: Plan,
  entries: readonly HistoryEntry[],
): Promise<{ readonly [path: string]: AttemptOutcome }> {
  const answers: Record<string, AttemptOutcome> = {};
  const generation = entries.at(-1)?.generation ?? 1;
  for (const node of plan.nodes) {
    if (node.kind !== 'map') continue;
    for (let afterIndex = -1, isDone = false; !isDone; ) {
      const rows = await store.items(runId, generation, node.id, { afterIndex, limit: 1_000 });
      for (const { index, state } of rows) {
        const results = (state['results'] ?? {}) as JsonObject;
        const failure = state['failure'];
        for (const part of node.body) {
          if (part.kind !== 'task') continue;
          const path = `${node.id}/${index}/${part.id}`;
          const output = results[part.id];
          if (output !== undefined)
            answers[path] = {
              ok: true,
              output: withStandIns(output, part.call.sensitive.output),
              durationMs: 0,
            };
          else if (failure !== undefined) answers[path] = itemFailure(failure);
        }
        afterIndex = index;
      }
      isDone = rows.length < 1_000;
    }
  }
  return answers;
}

function itemFailure(failure: Json): AttemptOutcome {
  const { name, message } = failure as { readonly name?: string; readonly message?: string };
  return {
    ok: false,
    durationMs: 0,
    failure: { name: name ?? 'Error', message: message ?? '', retryable: false, unclear: false },
  };
}

function courseOf({ state }: StoredRun, plan: Plan, entries: readonly HistoryEntry[]): Course {
  const { outcome } = state.body as unknown as {
    readonly outcome: {
      readonly failure: { readonly message: string } | null;
      readonly undone: readonly string[];
      readonly notUndone: readonly { readonly step: string }[];
    } | null;
  };
  const completion = entries.findLast(
    ({ step, settles }) => step === 'completion' && settles !== null,
  );
  return {
    events: entries
      .filter(({ event }) => isCompared(event))
      .map(({ event, to }) => `${event}: ${to}`),
    status: state.status,
    output:
      state.status === 'complete' ? redact(completion?.output ?? null, plan.sensitiveOutput) : null,
    failure: outcome?.failure?.message ?? null,
    undone: outcome?.undone ?? [],
    notUndone: outcome?.notUndone.map(({ step }) => step) ?? [],
  };
}

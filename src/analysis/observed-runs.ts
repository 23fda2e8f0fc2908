/** What stored runs of a workflow teach of durations, failures, people and conditions. */
import { createCatalogue, type Definition } from '../engine/catalogue.ts';
import { historyUpTo } from '../engine/history-pages.ts';
import type { LiveRun } from '../engine/live-run.ts';
import { headerAtStart } from '../engine/past-run.ts';
import { replayRun } from '../engine/replay.ts';
import { isStep } from '../plan/plan.ts';
import type { RunnableWorkflow } from '../ports/bindings.ts';
import type { HistoryEntry, Store, StoredRun } from '../ports/store.ts';
import { noObservations, type Observations } from '../simulation/learn.ts';

/** Runs of the workflow in the store, of whatever version, newest first. */
export async function* runsOf(store: Store, { plan }: RunnableWorkflow): AsyncGenerator<StoredRun> {
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Store['list']>> = await store.list({
      workflow: plan.name,
      limit: 1_000,
      ...(cursor === null ? {} : { cursor }),
    });
    yield* page.runs;
    cursor = page.cursor;
  } while (cursor !== null);
}

/** From its beginning on this plan: runs of other versions, and those that came from one, have had other charts. */
export function isWhollyOf(stored: StoredRun, { plan }: RunnableWorkflow): boolean {
  return stored.header.planHash === plan.hash && headerAtStart(stored) === stored.header;
}

/** Runs of other versions are left out. @param maxRuns - the newest of that many; default: all */
export async function observeRuns(
  store: Store,
  workflow: RunnableWorkflow,
  maxRuns = Number.POSITIVE_INFINITY,
): Promise<{ readonly seen: Observations; readonly runs: number }> {
  const definition = createCatalogue([workflow], store).define(workflow);
  const seen = noObservations();
  let runs = 0;
  for await (const stored of runsOf(store, workflow)) {
    if (!isWhollyOf(stored, workflow)) continue;
    if (runs === maxRuns) break;
    const entries = await historyUpTo(store, stored, stored.state.seq);
    runs += 1;
    seen.startsMs.push(stored.header.createdAtMs);
    replayRun(stored.header, definition, entries, {
      onEntry: (run, entry) => observe(seen, definition, run, entry),
    });
  }
  return { seen, runs };
}

/** @param run - as it stood before the entry */
function observe(
  seen: Observations,
  { index }: Definition,
  run: LiveRun,
  entry: HistoryEntry,
): void {
  const { step, event, data } = entry;
  for (const [id, fact] of Object.entries(data?.['facts'] ?? {}))
    observeFact(seen, index, id, fact);
  const node = step === null ? undefined : index.nodes.get(step);
  if (step === null || data?.['reused'] !== undefined) return;
  const ending = event.slice(step.length + 1);
  const open = run.open.find(
    (item) => 'step' in item && item.step === step && item.kind !== 'timer',
  );
  const tookMs = open === undefined ? null : entry.atMs - open.sinceMs;
  if (step === 'completion' || node?.kind === 'review')
    observeReview(seen, entry, step, ending, tookMs);
  else if (node?.kind === 'wait') observeEvent(seen, step, ending, tookMs);
  else if (node?.kind === 'task') observeAttempt(seen, entry, step, ending);
  else if (node !== undefined && isStep(node) && (node.kind === 'map' || node.kind === 'child')) {
    if (ending === 'completed' && tookMs !== null)
      seen.others.set(step, [...(seen.others.get(step) ?? []), tookMs]);
  }
}

function observeFact(
  seen: Observations,
  index: Definition['index'],
  id: string,
  fact: unknown,
): void {
  const node = index.nodes.get(id);
  if (node?.kind === 'predicate') {
    // What only says how a review ended follows from the review.
    const source = node.of.kind === 'ref' ? index.nodes.get(node.of.of) : undefined;
    if (source?.kind === 'review') return;
    const counted = entryOf(seen.conditions, node.label, () => ({ yes: 0, no: 0 }));
    if (fact === true) counted.yes += 1;
    else counted.no += 1;
  } else if (node?.kind === 'choice') {
    const cases = entryOf(seen.choices, id, () => new Map<string, number>());
    cases.set(String(fact), (cases.get(String(fact)) ?? 0) + 1);
  }
}

function observeReview(
  seen: Observations,
  { data, actor }: HistoryEntry,
  step: string,
  ending: string,
  tookMs: number | null,
): void {
  if (tookMs === null || actor.startsWith('policy:') === (ending !== 'expired')) return;
  const counted = entryOf(seen.reviews, step, () => ({ delays: [], approved: 0, rejected: 0 }));
  if (ending === 'expired') counted.delays.push(tookMs + 1);
  if (ending !== 'decided') return;
  counted.delays.push(tookMs);
  if (data?.['outcome'] === 'approved') counted.approved += 1;
  else counted.rejected += 1;
}

function observeEvent(
  seen: Observations,
  step: string,
  ending: string,
  tookMs: number | null,
): void {
  const counted = entryOf(seen.events, step, () => ({ delays: [], missed: 0 }));
  if (ending === 'received') counted.delays.push(tookMs ?? 0);
  else if (ending === 'timed_out') counted.missed += 1;
}

function observeAttempt(
  seen: Observations,
  entry: HistoryEntry,
  step: string,
  ending: string,
): void {
  if (ending !== 'completed' && ending !== 'failed') return;
  const counted = entryOf(seen.attempts, step, () => ({
    durations: [],
    ok: 0,
    passing: 0,
    fatal: 0,
  }));
  if (entry.durationMs !== null) counted.durations.push(entry.durationMs);
  if (ending === 'completed') counted.ok += 1;
  else if (entry.error?.['retryable'] === true) counted.passing += 1;
  else counted.fatal += 1;
}

function entryOf<T>(map: Map<string, T>, key: string, create: () => T): T {
  const known = map.get(key) ?? create();
  map.set(key, known);
  return known;
}

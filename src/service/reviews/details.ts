/** One open review: what is shown and asked, what has become of it so far, and what it showed before. */
import type { ReviewDetails } from '../../api/reviews.ts';
import type { RunView } from '../../engine/views.ts';
import { SignalboxError } from '../../errors.ts';
import type { Orchestrator } from '../../orchestrator.ts';
import type { Json } from '../../plan/json.ts';
import type { Plan } from '../../plan/plan.ts';
import type { HistoryEntry } from '../../ports/store.ts';
import type { ServiceParts } from '../parts.ts';
import { changesBetween } from './changes.ts';
import { type OpenReview, openReviews, toReview, type Who } from './standing.ts';

/** Entries looked through, from the end. */
const lookBack = 10_000;

/** @throws SignalboxError `RUN_NOT_FOUND`, `REVIEW_NOT_OPEN` */
export async function detailsOf(
  { orchestrator, clock }: ServiceParts,
  runId: string,
  step: string,
  who: Who,
): Promise<ReviewDetails> {
  const run = await orchestrator.get(runId);
  const waiting = openReviewOf(run, step);
  const plan = planOf(orchestrator, run);
  const entries = await entriesOf(orchestrator, run, step);
  const shown = waiting.shown ?? null;
  return {
    ...toReview(run, waiting, plan, who, clock.nowMs()),
    status: run.status,
    shown,
    form: formOf(plan, waiting),
    outcomes:
      waiting.review.kind === 'in_doubt'
        ? ['happened', 'did_not_happen', 'give_up']
        : ['approved', 'rejected'],
    previous: await previousOf(orchestrator, run, waiting, entries),
    history: entries.map(({ seq, atMs, event, actor, data }) => ({
      seq,
      at: new Date(atMs).toISOString(),
      event,
      actor,
      data,
    })),
  };
}

/** @throws SignalboxError `REVIEW_NOT_OPEN` */
export function openReviewOf(run: RunView, step: string): OpenReview {
  const open = openReviews(run);
  const waiting = open.find((review) => review.step === step);
  if (waiting !== undefined) return waiting;
  const names = open.map((review) => `"${review.step}"`).join(', ') || 'none';
  throw new SignalboxError(
    'REVIEW_NOT_OPEN',
    `Run "${run.runId}" has no open review "${step}"; it is ${run.status}, open: ${names}`,
    { details: { runId: run.runId, step, status: run.status } },
  );
}

function planOf({ workflows }: Orchestrator, { workflow, version }: RunView): Plan | null {
  const same = workflows.find((one) => one.name === workflow && one.version === version);
  return same?.plan ?? null;
}

function formOf(plan: Plan | null, { step, review }: OpenReview): Json {
  const node = plan?.nodes.find(({ id }) => id === step);
  if (node?.kind === 'review' && review.kind === 'step') return node.form;
  if (node?.kind === 'task') return node.call.outputSchema;
  return { type: 'object', properties: {}, additionalProperties: false };
}

async function entriesOf(
  orchestrator: Orchestrator,
  { runId, entries: count }: RunView,
  step: string,
): Promise<readonly HistoryEntry[]> {
  const found: HistoryEntry[] = [];
  let afterSeq = Math.max(0, count - lookBack);
  for (;;) {
    const page = await orchestrator.history(runId, { afterSeq, limit: 1_000 });
    found.push(...page.filter((entry) => isAbout(entry, step)));
    const last = page.at(-1);
    if (last === undefined || page.length < 1_000) return found;
    afterSeq = last.seq;
  }
}

function isAbout({ event, data }: HistoryEntry, step: string): boolean {
  return event.startsWith(`${step}.`) || (event === 'decision.refused' && data?.['step'] === step);
}

/** A retry asks again. What was shown then is recomputed from the history, as it was just before the review closed. */
async function previousOf(
  orchestrator: Orchestrator,
  { runId }: RunView,
  { step, since, shown: now = null }: OpenReview,
  entries: readonly HistoryEntry[],
): Promise<ReviewDetails['previous']> {
  const closings = [`${step}.decided`, `${step}.expired`];
  const closing = entries.findLast(
    ({ event, atMs }) => closings.includes(event) && atMs <= Date.parse(since),
  );
  if (closing === undefined || closing.seq < 2) return null;
  const then = await pastReview(orchestrator, runId, step, closing.seq - 1);
  if (then === undefined) return null;
  const { shown = null, shownHash } = then;
  return {
    shown,
    shownHash,
    closedAt: new Date(closing.atMs).toISOString(),
    how: textOr(closing.data?.['outcome'], 'expired'),
    actor: closing.actor,
    changes: [...changesBetween(shown, now)],
  };
}

async function pastReview(
  orchestrator: Orchestrator,
  runId: string,
  step: string,
  seq: number,
): Promise<OpenReview | undefined> {
  try {
    return openReviews(await orchestrator.at(runId, seq)).find((review) => review.step === step);
  } catch (error) {
    // What is erased, or was written under another version, cannot be shown again.
    if (error instanceof SignalboxError && error.code === 'HISTORY_UNREADABLE') return undefined;
    throw error;
  }
}

function textOr(value: Json | undefined, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

/** The open reviews of all runs, collected once for all who ask at the same time. */
import type { Plan } from '../../plan/plan.ts';
import type { ServiceParts } from '../parts.ts';
import { type OpenReview, openReviews, type ReviewedRun } from './standing.ts';

export interface OpenReviewOfRun {
  readonly run: ReviewedRun;
  readonly waiting: OpenReview;
  /** `null`: the version is not registered here. */
  readonly plan: Plan | null;
}

export interface Collected {
  readonly found: readonly OpenReviewOfRun[];
  /** There are more runs with open reviews than are looked through. */
  readonly isCapped: boolean;
}

/** Of all workflows, or of one. */
export type OpenReviews = (workflow: string | undefined) => Promise<Collected>;

/** Runs with open reviews that are looked through, newest first. */
const maxRuns = 20_000;
/** Another process on the same store may have changed them meanwhile. */
const maxAgeMs = 1_000;

export function createOpenReviews({
  orchestrator,
  clock,
}: Pick<ServiceParts, 'orchestrator' | 'clock'>): OpenReviews & { close(): void } {
  const known = new Map<string, { readonly atMs: number; readonly reviews: Promise<Collected> }>();
  // after a change in this process the next answer must show it
  const unsubscribe = orchestrator.subscribe(() => known.clear());

  async function collect(workflow: string | undefined): Promise<Collected> {
    const plans = new Map<string, Plan>();
    for (const { name, version, plan } of orchestrator.workflows)
      plans.set(`${name}@${version}`, plan);
    const found: OpenReviewOfRun[] = [];
    let cursor: string | null = null;
    let seen = 0;
    do {
      const page = await orchestrator.list({
        hasReview: true,
        limit: 1_000,
        ...(workflow === undefined ? {} : { workflow }),
        ...(cursor === null ? {} : { cursor }),
      });
      for (const run of page.runs) {
        const plan = plans.get(`${run.workflow}@${run.version}`) ?? null;
        const { runId, workflow: name, version, priority, labels, key, actor, heldBy } = run;
        const paused = run.paused || heldBy.length > 0;
        const head = { runId, workflow: name, version, priority, labels, key, actor, paused };
        for (const waiting of openReviews(run)) found.push({ run: head, waiting, plan });
      }
      seen += page.runs.length;
      cursor = page.cursor;
    } while (cursor !== null && seen < maxRuns);
    return { found, isCapped: cursor !== null };
  }

  const openReviewsOf: OpenReviews = (workflow) => {
    const nowMs = clock.nowMs();
    for (const [key, { atMs }] of known) if (nowMs - atMs >= maxAgeMs) known.delete(key);
    const key = workflow ?? '';
    const reviews = known.get(key)?.reviews ?? collect(workflow);
    if (!known.has(key)) known.set(key, { atMs: nowMs, reviews });
    reviews.catch(() => known.delete(key));
    return reviews;
  };
  return Object.assign(openReviewsOf, { close: unsubscribe });
}

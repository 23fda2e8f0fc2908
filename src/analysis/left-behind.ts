/** Unfinished runs that are on another plan than the code, and which of them would not move to it as they are. */
import type { RunnableWorkflow } from '../ports/bindings.ts';
import type { Store, StoredRun } from '../ports/store.ts';
import type { JudgedRun } from '../proof/diff/runs.ts';
import { countVerdicts, createJudge, type JudgedRuns } from './judged-runs.ts';

export interface LeftBehind {
  readonly counts: Omit<JudgedRuns['counts'], 'ended'>;
  /** They stay on their version until they end, or are moved with a mapping. */
  readonly staying: readonly { readonly runId: string; readonly why: string }[];
  /** More runs are unfinished than were looked at. */
  readonly isPartial: boolean;
}

const unfinished = ['pending', 'processing', 'waiting_review', 'compensating'] as const;

/** @param maxRuns - the newest of that many, 1 to 1,000 */
export async function leftBehind(
  store: Store,
  workflow: RunnableWorkflow,
  maxRuns: number,
): Promise<LeftBehind> {
  const { name } = workflow;
  const page = await store.list({ workflow: name, status: unfinished, limit: maxRuns });
  const judges = new Map<string, ((run: StoredRun) => Promise<JudgedRun>) | null>();
  const judged: JudgedRun[] = [];
  for (const run of page.runs) {
    const { version, planHash } = run.header;
    if (version === workflow.version && planHash === workflow.plan.hash) continue;
    const key = `${version}#${planHash}`;
    if (!judges.has(key)) {
      const before = await store.plan(name, version, planHash);
      const after = { plan: workflow.plan, workflow };
      judges.set(key, before === null ? null : createJudge(store, before, after, null));
    }
    const judge = judges.get(key);
    if (judge !== null && judge !== undefined) judged.push(await judge(run));
  }
  return {
    counts: countVerdicts(judged),
    staying: judged
      .filter(({ moves }) => moves === 'with_mapping' || moves === 'no')
      .map(({ runId, reasons }) => ({
        runId,
        why: reasons
          .map(({ step, text }) => (step === null ? text : `${step}: ${text}`))
          .join('; '),
      })),
    isPartial: page.cursor !== null,
  };
}

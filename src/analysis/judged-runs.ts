/** What becomes of the stored runs of a version when another one takes its place. */
import { toCode, toStandingRun } from '../engine/standing-run.ts';
import type { Plan } from '../plan/plan.ts';
import { indexPlan } from '../plan/settle.ts';
import type { RunnableWorkflow } from '../ports/bindings.ts';
import type { Store, StoredRun } from '../ports/store.ts';
import { createUpgrade, type JudgedRun, judgeRun, missingNames } from '../proof/diff/runs.ts';

export interface JudgedRuns {
  readonly counts: {
    readonly continues: number;
    readonly needs_mapping: number;
    readonly cannot: number;
    /** Of no concern to a new version. */
    readonly ended: number;
  };
  readonly judged: readonly JudgedRun[];
}

export interface NewVersion {
  readonly plan: Plan;
  /** Where its code is at hand: what it restores and evaluates is then asked, too. */
  readonly workflow: RunnableWorkflow | null;
}

/** @param lacking - what the old plan needs and today's code has not; `null`: unknown, what the new plan does not name counts */
export function createJudge(
  store: Pick<Store, 'settled'>,
  before: Plan,
  after: NewVersion,
  lacking: readonly string[] | null,
): (stored: StoredRun) => Promise<JudgedRun> {
  const upgrade = createUpgrade(before, after.plan);
  const code =
    after.workflow === null ? null : toCode(indexPlan(after.plan), after.workflow.bindings);
  const missing = lacking ?? missingNames(before, after.plan);
  return async (stored) => {
    const settled = await store.settled(stored.header.id, stored.state.generation);
    return judgeRun(upgrade, toStandingRun(stored, settled), missing, code);
  };
}

export function isOn({ header }: StoredRun, { version, hash }: Plan): boolean {
  return header.version === version && header.planHash === hash;
}

export async function judgeRuns(
  store: Store,
  before: Plan,
  after: NewVersion,
  lacking: readonly string[] | null,
): Promise<JudgedRuns> {
  const judge = createJudge(store, before, after, lacking);
  const judged: JudgedRun[] = [];
  let ended = 0;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Store['list']>> = await store.list({
      workflow: before.name,
      limit: 1_000,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const stored of page.runs) {
      if (!isOn(stored, before)) continue;
      if (stored.state.finishedAtMs !== null) ended += 1;
      else judged.push(await judge(stored));
    }
    cursor = page.cursor;
  } while (cursor !== null);
  return { counts: { ...countVerdicts(judged), ended }, judged };
}

export function countVerdicts(judged: readonly JudgedRun[]): Omit<JudgedRuns['counts'], 'ended'> {
  const count = (verdict: JudgedRun['verdict']) =>
    judged.filter((run) => run.verdict === verdict).length;
  return {
    continues: count('continues'),
    needs_mapping: count('needs_mapping'),
    cannot: count('cannot'),
  };
}

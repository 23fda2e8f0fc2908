import type { Command } from 'commander';
import { toCode, toStandingRun } from '../../engine/standing-run.ts';
import { indexPlan } from '../../plan/settle.ts';
import type { Store } from '../../ports/store.ts';
import { diffPlans } from '../../proof/diff/plans.ts';
import { createUpgrade, type JudgedRun, judgeRun, missingNames } from '../../proof/diff/runs.ts';
import type { Cli } from '../cli.ts';
import { diffLines, type JudgedRuns, runLines } from '../diff-lines.ts';
import { loadMachines, type Machines } from '../machines.ts';
import { findPlan, lackingCode, type PlanSource, planArgument } from '../plan-source.ts';
import { openIfThere } from '../store-location.ts';
import { UsageError } from '../usage-error.ts';

export function addDiff(program: Command, cli: Cli): void {
  program
    .command('diff')
    .description(
      'what changed between two versions of a workflow, and what becomes of the stored runs of the old one',
    )
    .argument('<old>', planArgument)
    .argument('<new>', planArgument)
    .option('--strict', 'exit with 1 also if a run needs a mapping', false)
    .action(async (old: string, now: string, { strict }: { strict: boolean }) => {
      const machines = await loadMachines(cli.options.machines);
      // Plans can be compared without any runs.
      const store = await openIfThere(cli, program);
      try {
        const before = await findPlan('<old>', old, machines, store, 'store');
        const after = await findPlan('<new>', now, machines, store, 'code');
        if (before.plan.name !== after.plan.name)
          throw new UsageError(
            `These are two workflows, not two versions of one: "${before.plan.name}" and "${after.plan.name}"`,
          );
        const diff = diffPlans(before.plan, after.plan);
        const runs = store === null ? null : await judgeRuns(store, machines, before, after);
        await cli.report({
          json: { ...diff, runs },
          text: [...diffLines(diff), '', ...runLines(runs)],
          exitCode: runs !== null && stays(runs, strict) ? 1 : 0,
        });
      } finally {
        await store?.close();
      }
    });
}

/** Whether a run would be left behind if the new version alone were deployed. */
function stays({ counts }: JudgedRuns, isStrict: boolean): boolean {
  return counts.cannot > 0 || (isStrict && counts.needs_mapping > 0);
}

async function judgeRuns(
  store: Store,
  machines: Machines,
  before: PlanSource,
  after: PlanSource,
): Promise<JudgedRuns> {
  const upgrade = createUpgrade(before.plan, after.plan);
  const lacking = lackingCode(machines, before.plan) ?? missingNames(before.plan, after.plan);
  const code =
    after.workflow === null ? null : toCode(indexPlan(after.plan), after.workflow.bindings);
  const judged: JudgedRun[] = [];
  let ended = 0;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Store['list']>> = await store.list({
      workflow: before.plan.name,
      limit: 1_000,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const stored of page.runs) {
      const { header, state } = stored;
      if (header.version !== before.plan.version || header.planHash !== before.plan.hash) continue;
      if (state.finishedAtMs !== null) {
        ended += 1;
        continue;
      }
      const settled = await store.settled(header.id, state.generation);
      judged.push(judgeRun(upgrade, toStandingRun(stored, settled), lacking, code));
    }
    cursor = page.cursor;
  } while (cursor !== null);
  const count = (verdict: JudgedRun['verdict']) =>
    judged.filter((run) => run.verdict === verdict).length;
  const counts = {
    continues: count('continues'),
    needs_mapping: count('needs_mapping'),
    cannot: count('cannot'),
    ended,
  };
  return { counts, judged };
}

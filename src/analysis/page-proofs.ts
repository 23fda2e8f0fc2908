/** What a check says of a workflow, as its process page tells it. */
import type { PageProofs } from '../diagram/process-page.ts';
import type { RunnableWorkflow } from '../ports/bindings.ts';
import { check } from '../proof/check/check.ts';
import type { CheckReport } from '../proof/check/report.ts';
import { undoListAt } from '../proof/check/undo-table.ts';
import { ruleTitles } from './rule-titles.ts';

export function pageProofs(
  workflow: RunnableWorkflow,
  { rules, undo }: CheckReport = check(workflow),
): PageProofs {
  const failing = undo.rows.flatMap(({ step, failure }) =>
    failure === null ? [] : [{ at: step, because: failure }],
  );
  if (workflow.plan.finish.approve.by !== 'automatic')
    failing.push({ at: 'completion', because: 'the closing review is rejected' });
  const isAnything = undo.rows.some(({ effect }) => effect !== 'none');
  return {
    rules: rules.map(({ rule, verdict, claim, findings }) => ({
      title: ruleTitles[rule],
      verdict,
      // How many random walks a check takes says nothing of the workflow.
      claim: rule === 'graph-is-machine' ? 'The one walks every way as the other does.' : claim,
      findings: findings
        .filter(({ kind }) => kind !== 'note')
        .map(({ kind, message }) => `${kind}: ${message}`),
    })),
    undo: isAnything ? failing.map((row) => ({ ...row, ...undoListAt(undo, row.at) })) : [],
  };
}

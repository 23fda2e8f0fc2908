/** The report of a command that changes a run. */
import type { RunView } from '../index.ts';
import type { Json } from '../plan/json.ts';
import type { Plan } from '../plan/plan.ts';
import type { Cli, Report } from './cli.ts';
import { indented } from './format.ts';
import { isInDoubt } from './review-dialog.ts';
import { runLines } from './run-lines.ts';
import type { Session } from './session.ts';

/** @param extra - more fields of the JSON document */
export async function runReport(
  cli: Cli,
  session: Session,
  view: RunView,
  extra: { readonly [field: string]: Json } = {},
): Promise<Report> {
  const { runId, workflow, version, status, paused, waitingOn, outcome } = view;
  const output = await outputOf(session, view);
  return {
    json: { runId, workflow, version, status, paused, waitingOn, output, outcome, ...extra },
    text: [
      ...runLines(view, output, cli.style, Date.now()),
      ...(await nextLines(cli, session, view)),
    ],
    exitCode: status === 'failed' || status === 'cancelled' ? 1 : 0,
  };
}

/** The output of a complete run as its history shows it: without what is marked sensitive. */
export async function outputOf(
  { orchestrator }: Pick<Session, 'orchestrator'>,
  { runId, status, entries }: RunView,
): Promise<Json> {
  if (status !== 'complete') return null;
  // It stands near the end; what comes after completion are notes.
  for (let afterSeq = Math.max(0, entries - 100); ; afterSeq = Math.max(0, afterSeq - 1_000)) {
    const page = await orchestrator.history(runId, { afterSeq });
    const entry = page.findLast(({ step, settles }) => step === 'completion' && settles !== null);
    if (entry !== undefined || afterSeq === 0) return entry?.output ?? null;
  }
}

/** The commands that decide open reviews. */
async function nextLines(cli: Cli, session: Session, view: RunView): Promise<readonly string[]> {
  const reviews = view.waitingOn.filter(({ kind }) => kind === 'review');
  if (reviews.length === 0 || session.isForgetful) return [];
  const plan = await session.planOf(view.runId);
  const commands = reviews.flatMap((waiting) => {
    const command = (...answer: readonly string[]) =>
      cli.commandLine('review', view.runId, waiting.step, ...answer);
    if (isInDoubt({ runId: view.runId, workflow: view.workflow, waiting, plan })) {
      return [
        command('--happened', '--output', '{}'),
        command('--did-not-happen'),
        command('--give-up'),
      ];
    }
    return [command('--approve', ...formTemplate(plan, waiting.step)), command('--reject')];
  });
  return [
    '',
    'The run waits for a decision, and any process may go on with it. To decide:',
    ...indented(commands),
  ];
}

function formTemplate(plan: Plan | null, step: string): readonly string[] {
  const node = plan?.nodes.find(({ id }) => id === step);
  const required = node?.kind === 'review' ? node.form['required'] : undefined;
  if (!Array.isArray(required) || required.length === 0) return [];
  return [
    '--form',
    JSON.stringify(Object.fromEntries(required.map((name) => [String(name), '…']))),
  ];
}

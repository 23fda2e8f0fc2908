import { type Command, Option } from 'commander';
import { SignalboxError } from '../../errors.ts';
import type { Decision } from '../../orchestrator.ts';
import { actorOption, collect, runArgument } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { findRun } from '../find-run.ts';
import { readJson } from '../json-argument.ts';
import { createPrompt, type Prompt } from '../prompt.ts';
import { askDecision } from '../review-dialog.ts';
import { runReport } from '../run-report.ts';
import type { Session } from '../session.ts';
import { UsageError } from '../usage-error.ts';

interface ReviewOptions {
  readonly approve?: true;
  readonly reject?: true;
  readonly happened?: true;
  readonly didNotHappen?: true;
  readonly giveUp?: true;
  readonly form?: string;
  readonly output?: string;
  readonly comment?: string;
  readonly actor: string;
  readonly group?: readonly string[];
  readonly wait: boolean;
}

const verdicts = ['approve', 'reject', 'happened', 'didNotHappen', 'giveUp'] as const;
const verdict = (flag: string, name: (typeof verdicts)[number], description: string) =>
  new Option(flag, description).conflicts(verdicts.filter((other) => other !== name));

export function addReview(program: Command, cli: Cli): void {
  program
    .command('review')
    .description('decide an open review; without a decision, ask for one on the terminal')
    .argument('<run>', runArgument)
    .argument('<step>', 'step of the review; "completion" is the closing one')
    .addOption(verdict('--approve', 'approve', 'approve it'))
    .addOption(verdict('--reject', 'reject', 'reject it'))
    .addOption(verdict('--happened', 'happened', 'an attempt in doubt took effect'))
    .addOption(verdict('--did-not-happen', 'didNotHappen', 'it did not: it is run again'))
    .addOption(verdict('--give-up', 'giveUp', 'nobody will ever know: the step fails'))
    .option('--form <json>', 'the form: a file, - for standard input, or JSON')
    .option('--output <json>', 'what the attempt gave, with --happened')
    .option('--comment <text>', 'kept with the decision')
    .addOption(actorOption())
    .option('--group <name>', 'group of the actor, for reviews assigned to one', collect)
    .option('--wait', 'stay until the run has ended', false)
    .action(async (run: string, step: string, options: ReviewOptions) => {
      const decision = await givenDecision(options);
      if (decision !== null) {
        await cli.run('write', (session) => decide(cli, session, run, step, decision, options));
        return;
      }
      if (!cli.isInteractive) {
        throw new UsageError(
          'Nobody can be asked: this is not a terminal',
          'Say --approve or --reject, or --happened, --did-not-happen or --give-up for an attempt in doubt',
        );
      }
      await reviewOnTerminal(cli, run, step, options);
    });
}

async function givenDecision(options: ReviewOptions): Promise<Decision | null> {
  const { actor, group, comment } = options;
  const outcome = outcomeOf(options);
  if (options.output !== undefined && outcome !== 'happened') {
    throw new UsageError('--output goes with --happened');
  }
  if (outcome === null) {
    if (options.form !== undefined) throw new UsageError('--form goes with --approve or --reject');
    return null;
  }
  return {
    outcome,
    actor,
    ...(group === undefined ? {} : { groups: group }),
    ...(comment === undefined ? {} : { comment }),
    ...(options.form === undefined
      ? {}
      : { form: await readJson('--form', options.form, process.stdin) }),
    ...(options.output === undefined
      ? {}
      : { output: await readJson('--output', options.output, process.stdin) }),
  };
}

function outcomeOf(options: ReviewOptions): Decision['outcome'] | null {
  if (options.approve) return 'approved';
  if (options.reject) return 'rejected';
  if (options.happened) return 'happened';
  if (options.didNotHappen) return 'did_not_happen';
  return options.giveUp ? 'give_up' : null;
}

async function decide(
  cli: Cli,
  session: Session,
  run: string,
  step: string,
  decision: Decision,
  { wait }: ReviewOptions,
) {
  const runId = await findRun(session.orchestrator, run);
  await session.orchestrator.decide(runId, step, decision);
  const view = await session.orchestrator.drive(runId, wait ? 'finished' : 'waiting');
  return runReport(cli, session, view);
}

/** Nothing is locked while the person thinks; what they saw is checked when they decide. */
async function reviewOnTerminal(
  cli: Cli,
  run: string,
  step: string,
  options: ReviewOptions,
): Promise<void> {
  const prompt = createPrompt({ input: process.stdin, output: process.stderr });
  try {
    for (;;) {
      const decision = await askAbout(cli, prompt, run, step, options);
      if (decision === null) {
        cli.note('Nothing was decided');
        await cli.run('read', async (session) => {
          const runId = await findRun(session.orchestrator, run);
          return runReport(cli, session, await session.orchestrator.get(runId));
        });
        return;
      }
      try {
        await cli.run('write', (session) => decide(cli, session, run, step, decision, options));
        return;
      } catch (error) {
        if (!(error instanceof SignalboxError) || error.code !== 'FORM_INVALID') throw error;
        prompt.say([error.message]);
      }
    }
  } finally {
    prompt.close();
  }
}

async function askAbout(
  cli: Cli,
  prompt: Prompt,
  run: string,
  step: string,
  options: ReviewOptions,
): Promise<Decision | null> {
  const { actor, group, comment } = options;
  const asked = await cli.look(async (session) => {
    const runId = await findRun(session.orchestrator, run);
    const { workflow, waitingOn, status } = await session.orchestrator.get(runId);
    const waiting = waitingOn.find((open) => open.kind === 'review' && open.step === step);
    if (waiting === undefined) {
      const open = waitingOn.flatMap((other) => (other.kind === 'review' ? [other.step] : []));
      throw new SignalboxError(
        'REVIEW_NOT_OPEN',
        `Run "${runId}" has no open review "${step}"; it is ${status}, open: ${open.join(', ') || 'none'}`,
        { details: { runId, step, status } },
      );
    }
    return { runId, workflow, waiting, plan: await session.planOf(runId) };
  });
  const decision = await cli.orInterrupted(askDecision(prompt, asked, actor, Date.now()));
  if (decision === null) return null;
  return {
    ...decision,
    ...(group === undefined ? {} : { groups: group }),
    ...(comment === undefined ? {} : { comment }),
  };
}

import { type Command, InvalidArgumentError, Option } from 'commander';
import { SignalboxError } from '../../errors.ts';
import type { Decision } from '../../orchestrator.ts';
import { parseDuration } from '../../plan/duration.ts';
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
  readonly onBehalfOf?: string;
  readonly claim?: true;
  readonly for?: number;
  readonly takeOver?: true;
  readonly release?: true;
  readonly delegateTo?: string;
  readonly assignTo?: readonly string[];
  readonly reason?: string;
  readonly actor: string;
  readonly group?: readonly string[];
  readonly wait: boolean;
}

const verdicts = ['approve', 'reject', 'happened', 'didNotHappen', 'giveUp'] as const;
const deeds = ['claim', 'release', 'delegateTo', 'assignTo'] as const;
const verdict = (flag: string, name: (typeof verdicts)[number], description: string) =>
  new Option(flag, description).conflicts([
    ...verdicts.filter((other) => other !== name),
    ...deeds,
  ]);
const deed = (flag: string, name: (typeof deeds)[number], description: string) =>
  new Option(flag, description).conflicts(deeds.filter((other) => other !== name));

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
    .option('--on-behalf-of <name>', 'who has delegated it to the actor')
    .addOption(deed('--claim', 'claim', 'hold it: nobody else decides it meanwhile'))
    .addOption(new Option('--for <duration>', 'how long a claim holds').argParser(parsedDuration))
    .option('--take-over', 'claim it although somebody else holds it; needs --reason')
    .addOption(deed('--release', 'release', 'end a claim'))
    .addOption(deed('--delegate-to <name>', 'delegateTo', 'let somebody decide in your place'))
    .addOption(
      deed('--assign-to <name>', 'assignTo', 'whose it is from now on; may be repeated').argParser(
        collect,
      ),
    )
    .option('--reason <text>', 'kept with a claim, release, delegation or assignment')
    .option('--wait', 'stay until the run has ended', false)
    .action(async (run: string, step: string, options: ReviewOptions) => {
      if (deeds.some((name) => options[name] !== undefined)) {
        await cli.run('write', (session) => handle(cli, session, run, step, options));
        return;
      }
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

/** @throws InvalidArgumentError for what is no duration such as `30m` */
function parsedDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms === null || ms < 1) throw new InvalidArgumentError('Expected a duration such as 30m');
  return ms;
}

/** What is done with an open review without deciding it. */
async function handle(
  cli: Cli,
  session: Session,
  run: string,
  step: string,
  options: ReviewOptions,
) {
  const { orchestrator } = session;
  const { actor, reason, group, delegateTo, assignTo } = options;
  if (reason === undefined && (assignTo !== undefined || options.takeOver === true))
    throw new UsageError(
      'It needs a reason',
      'Whoever takes a review away from others says why: --reason',
    );
  const runId = await findRun(session.orchestrator, run);
  const who = {
    actor,
    ...(reason === undefined ? {} : { reason }),
    ...(group === undefined ? {} : { groups: group }),
  };
  if (options.claim === true)
    await orchestrator.claim(runId, step, {
      ...who,
      ...(options.for === undefined ? {} : { forMs: options.for }),
      ...(options.takeOver === undefined ? {} : { takeOver: true }),
    });
  else if (delegateTo !== undefined)
    await orchestrator.delegate(runId, step, { ...who, to: delegateTo });
  else {
    const { groups: _groups, ...given } = { groups: undefined, ...who };
    if (assignTo !== undefined) await orchestrator.assign(runId, step, { ...given, to: assignTo });
    else await orchestrator.release(runId, step, given);
  }
  return runReport(cli, session, await orchestrator.get(runId));
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
    ...(options.onBehalfOf === undefined ? {} : { onBehalfOf: options.onBehalfOf }),
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

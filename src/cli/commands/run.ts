import { type Command, Option } from 'commander';
import { SignalboxError } from '../../errors.ts';
import type { RunView } from '../../index.ts';
import type { Priority } from '../../plan/plan.ts';
import { actorOption, labelsOption, parseMomentAfter } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { readJson } from '../json-argument.ts';
import { createPrompt } from '../prompt.ts';
import { askDecision } from '../review-dialog.ts';
import { runReport } from '../run-report.ts';
import type { Session } from '../session.ts';

interface RunOptions {
  readonly input?: string;
  readonly key?: string;
  readonly actor: string;
  readonly labels: Record<string, string>;
  readonly priority?: Priority;
  readonly startAt?: Date;
  readonly wait: boolean;
  readonly interactive: boolean;
}

export function addRun(program: Command, cli: Cli): void {
  program
    .command('run')
    .description('start a run, and drive it until it ends or waits for something outside')
    .argument('<workflow>', 'name of the workflow; its newest version runs')
    .option('--input <json>', 'a file, - for standard input, or JSON')
    .option('--key <key>', 'the same key and input give the same run, not another one')
    .addOption(actorOption())
    .addOption(labelsOption('labels of the run'))
    .addOption(
      new Option('--priority <priority>', 'of its tasks').choices(['high', 'default', 'low']),
    )
    .option('--start-at <when>', 'a date, or a duration from now', parseMomentAfter)
    .option('--wait', 'stay until the run has ended', false)
    .option('--interactive', 'ask for its reviews, if there is a terminal', false)
    .action(async (workflow: string, options: RunOptions) => {
      const { labels, actor, key, priority, startAt } = options;
      const input =
        options.input === undefined
          ? undefined
          : await readJson('--input', options.input, process.stdin);
      await cli.run('create', async (session) => {
        const { orchestrator } = session;
        const started = await orchestrator.start(workflow, input, {
          actor,
          labels,
          ...(key === undefined ? {} : { key }),
          ...(priority === undefined ? {} : { priority }),
          ...(startAt === undefined ? {} : { startAt: startAt.getTime() }),
        });
        if (!cli.options.json)
          cli.note(`Run ${started.runId} ${started.created ? 'started' : 'found by its key'}`);
        const until = options.wait ? 'finished' : 'waiting';
        const asks = options.interactive && cli.isInteractive;
        let view = await orchestrator.drive(started.runId, asks ? 'waiting' : until);
        if (asks) view = await decideReviews(session, view, actor);
        if (asks && options.wait) view = await orchestrator.drive(started.runId, until);
        return runReport(cli, session, view, { created: started.created });
      });
    });
}

/** Asks for one review after the other until the run ends or waits for something else. */
async function decideReviews(session: Session, first: RunView, actor: string): Promise<RunView> {
  const { orchestrator } = session;
  const { runId, workflow } = first;
  const prompt = createPrompt({ input: process.stdin, output: process.stderr });
  try {
    let view = first;
    for (;;) {
      const waiting = view.waitingOn.find(({ kind }) => kind === 'review');
      if (waiting === undefined) return view;
      const plan = await session.planOf(runId);
      const decision = await askDecision(
        prompt,
        { runId, workflow, waiting, plan },
        actor,
        Date.now(),
      );
      if (decision === null) return view;
      try {
        await orchestrator.decide(runId, waiting.step, decision);
      } catch (error) {
        if (!(error instanceof SignalboxError) || error.code !== 'FORM_INVALID') throw error;
        prompt.say([error.message]);
      }
      view = await orchestrator.drive(runId);
    }
  } finally {
    prompt.close();
  }
}

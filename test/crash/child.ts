/**
 * A process that opens a store, starts its runs unless they are there, answers whatever they wait for, and ends when they have ended.
 * On the way it kills itself, if it is told to, before or after an operation on its store or an effect of a task.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { incidentResponse } from '../../machines/incident-response/workflow.ts';
import { quarterlyReport } from '../../machines/quarterly-report/workflow.ts';
import { createInlineExecutor } from '../../src/adapters/inline/executor.ts';
import { nodeFileSystem } from '../../src/adapters/lowdb/index.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import {
  createOrchestrator,
  type Decision,
  type Orchestrator,
  type RunView,
  type Waiting,
} from '../../src/index.ts';
import type { Executor } from '../../src/ports/executor.ts';
import type { Logger } from '../../src/ports/logger.ts';
import type { Store } from '../../src/ports/store.ts';
import { openLowdb, openSqlite } from '../../src/testing/crash/media.ts';
import { createMortalLife, say } from '../../src/testing/kill/mortal-life.ts';
import type { Assignment, NotedEffect } from './support/assignment.ts';
import { isPausedIn } from './support/pause-all.ts';
import { others, smallWorkflows } from './support/small-workflows.ts';

const assignment: Assignment = JSON.parse(process.argv[2] ?? '');
const phase = { isOpening: true, isClosing: false, isPaused: false };

const life = createMortalLife(1, assignment.killAt, (place) => say({ type: 'died', place }));

function reach(name: string): void {
  life.reach(phase.isOpening ? name.replace(/^\w+/, 'open') : name);
}

function openStore(): Promise<Store> {
  const { kind, path } = assignment.store;
  const inStore = { ...life, reach, pass: async (place: string) => reach(place) };
  return kind === 'lowdb' ? openLowdb(path, nodeFileSystem, inStore) : openSqlite(path, inStore);
}

/** Notes every effect, and has a place before and after each. */
function createNotingExecutor(): Executor {
  const inner = createInlineExecutor(systemClock);
  async function around<T>(
    kind: NotedEffect['kind'],
    task: string,
    step: string,
    context: {
      readonly run: { readonly runId: string };
      readonly idempotencyKey: string;
      readonly attempt: number;
    },
    work: () => Promise<T>,
  ): Promise<T> {
    const { run, idempotencyKey: key, attempt } = context;
    if (phase.isPaused) {
      process.stderr.write(`"${step}" begins although everything is paused\n`);
      process.exit(1);
    }
    const place = task === 'send_email' ? 'mail' : kind;
    reach(`${place}.before`);
    const effect: NotedEffect = { kind, runId: run.runId, step, key, attempt };
    appendFileSync(assignment.effectsFile, `${JSON.stringify(effect)}\n`);
    const outcome = await work();
    reach(`${place}.after`);
    return outcome;
  }
  return {
    attempt: (request) =>
      around('run', request.task.name, request.step, request.context, () => inner.attempt(request)),
    undo: (request) =>
      around('undo', request.task.name, request.task.name, request.context, () =>
        inner.undo(request),
      ),
  };
}

const log = (level: string) => (data: object, message?: string) => {
  process.stderr.write(`${level} ${message} ${JSON.stringify(data)}\n`);
};
const logger: Logger = {
  debug() {},
  info() {},
  warn: log('warn'),
  error: log('error'),
  child: () => logger,
};

async function answer(orchestrator: Orchestrator, view: RunView, waiting: Waiting): Promise<void> {
  const { runId } = view;
  if (waiting.kind === 'event' && waiting.event === 'go') {
    await orchestrator.signal(runId, 'go', { by: 'ann' }, { id: 'go-1' });
    say({ type: 'promised', runId, event: `${waiting.step}.received` });
    return;
  }
  if (waiting.kind !== 'review') return;
  const decision = waiting.what.includes('took effect') ? verdictOn(view) : approval;
  await orchestrator.decide(runId, waiting.step, decision);
  const event = decision.outcome === 'approved' ? 'decided' : decision.outcome;
  say({ type: 'promised', runId, event: `${waiting.step}.${event}` });
}

const approval: Decision = { outcome: 'approved', actor: 'ann' };

/** The mail server knows; a person would look there. */
function verdictOn({ runId }: RunView): Decision {
  const found = assignment.arrived.find((entry) => entry.startsWith(`${runId} `));
  if (found === undefined) return { outcome: 'did_not_happen', actor: 'ann' };
  const messageId = found.slice(runId.length + 1);
  const output = { sent_to: 'team@company.com', status: 'sent', messageId };
  return { outcome: 'happened', actor: 'ann', output };
}

/** @param isAsked - somebody is, so that everything is to be paused */
async function switchAll(orchestrator: Orchestrator, isAsked: boolean): Promise<void> {
  if (phase.isPaused === isAsked) return;
  const by = { actor: 'ann', reason: 'not while I think' };
  if (isAsked) await orchestrator.pauseRuns('all', by);
  phase.isPaused = isAsked;
  if (!isAsked) await orchestrator.resumeRuns('all', by);
  say({ type: 'switched', isPaused: isAsked });
  // whatever was held is still to be taken up
  if (!isAsked) reach('resumed.after');
}

const ended: ReadonlySet<string> = new Set(['complete', 'failed', 'cancelled']);

async function converse(orchestrator: Orchestrator): Promise<void> {
  while (!phase.isClosing) {
    const { runs } = await orchestrator.list({ limit: 1_000 });
    const open = runs.filter(({ status }) => !ended.has(status));
    const awaited = open.filter(({ key }) => assignment.until?.includes(key ?? '') ?? true);
    const isTold =
      runs.filter(({ workflow }) => workflow === 'told').length ===
      runs.filter(({ workflow }) => workflow === 'waiting').length;
    if (awaited.length === 0 && isTold) return;
    others.haveEnded = isTold && open.every(({ workflow }) => workflow === 'deadly');
    if (assignment.pausesAll === true) {
      const isAsked = open.some(({ waitingOn }) => waitingOn.some(({ kind }) => kind === 'review'));
      await switchAll(orchestrator, isAsked);
    }
    for (const view of open) {
      for (const waiting of view.waitingOn) {
        // Somebody else may have been faster, or the run has gone on.
        await answer(orchestrator, view, waiting).catch((error: unknown) => {
          if (!(error instanceof Error && 'code' in error && error.code === 'REVIEW_NOT_OPEN'))
            throw error;
        });
      }
    }
    await delay(5);
  }
}

const store = await openStore();
phase.isOpening = false;
phase.isPaused = (await isPausedIn(store)) === true;
const orchestrator = await createOrchestrator({
  workflows: [incidentResponse, quarterlyReport, ...smallWorkflows],
  store,
  logger,
  executor: createNotingExecutor(),
  settings: assignment.settings,
});
say({ type: 'opened' });

const { graceMs } = assignment;
if (graceMs !== null) {
  process.once('SIGTERM', () => {
    phase.isClosing = true;
    say({ type: 'closing' });
    const startedMs = performance.now();
    void orchestrator
      .close({ graceMs })
      .then(() => store.close())
      .then(() => {
        say({ type: 'closed', afterMs: performance.now() - startedMs });
        process.exit(0);
      });
  });
}

for (const { workflow, input, key } of assignment.runs) {
  const { runId } = await orchestrator.start(workflow, input, { key });
  say({ type: 'promised', runId, event: 'run.created' });
}
await converse(orchestrator);
if (!phase.isClosing) {
  await orchestrator.close();
  await store.close();
  say({ type: 'ended', places: life.places });
  process.exit(0);
}

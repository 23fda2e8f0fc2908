/** Making one event of a script happen, once the run waits for it. */

import { escalationLevel } from '../../chart/review-states.ts';
import type { RunView } from '../../engine/views.ts';
import type { Waiting } from '../../engine/waiting.ts';
import { SignalboxError } from '../../errors.ts';
import type { Orchestrator } from '../../orchestrator.ts';
import type { AttemptOutcome, AttemptRequest } from '../../ports/executor.ts';
import type { Move } from '../../proof/paths/move.ts';
import { reviewer } from './answers.ts';
import type { Faults } from './faults.ts';
import { signalIdOf } from './repeats.ts';
import type { Answer, Script } from './script.ts';
import { type Call, failed, type ScriptedExecutor, succeeded } from './scripted-executor.ts';
import type { World } from './world.ts';

export interface Stage {
  readonly orchestrator: Orchestrator;
  readonly executor: ScriptedExecutor;
  readonly faults: Faults;
  readonly world: World;
}

/** `given`: the run only has to take it in. Otherwise ask again. */
export type Given = 'given' | 'partly' | 'not yet';

/** Answers if the run waits for it. */
export async function answerMove(
  stage: Stage,
  script: Script,
  runId: string,
  answer: Answer,
  position: number,
): Promise<Given> {
  const { orchestrator, executor } = stage;
  const view = await orchestrator.get(runId);
  if (await settleDoubts(stage, script, view, answer)) return 'partly';
  // Nothing is done before the engine has handed out all its work.
  const attempts = view.waitingOn.filter(({ kind }) => kind === 'attempt');
  if (attempts.some(({ step }) => callOf(executor, runId, step) === undefined)) return 'not yet';
  try {
    return await perform(stage, script, view, answer, position);
  } catch (error) {
    // The run does not wait for it yet, or it has come already.
    if (error instanceof SignalboxError && isEarly(error)) return 'not yet';
    throw error;
  }
}

const early: readonly string[] = [
  'REVIEW_NOT_OPEN',
  'INVALID_TRANSITION',
  'SIGNAL_NOT_EXPECTED',
  'LEASE_LOST',
  'RUN_CONFLICT',
];

function isEarly({ code }: SignalboxError): boolean {
  return early.includes(code);
}

async function perform(
  stage: Stage,
  script: Script,
  view: RunView,
  answer: Answer,
  position: number,
): Promise<Given> {
  const { orchestrator, world } = stage;
  const { runId } = view;
  const { move, value } = answer;
  const last = move.type.slice(move.step.length + 1);
  const reason = 'the path says so';
  if (move.type === 'run.cancelled') {
    await orchestrator.cancel(runId, { mode: move.mode ?? 'drain', actor: reviewer, reason });
    return 'given';
  }
  if (move.type === 'run.retried') {
    await orchestrator.retry(runId, { acceptNotUndone: true, reason, actor: reviewer });
    return 'given';
  }
  if (move.step === 'undo' && last !== 'retry_due')
    return answerUndo(stage, script, view, answer, position);
  switch (last) {
    case 'happened':
    case 'did_not_happen':
    case 'given_up':
      await orchestrator.decide(runId, move.step, {
        outcome: last === 'given_up' ? 'give_up' : last,
        actor: reviewer,
        ...(value === undefined ? {} : { output: value }),
      });
      return 'given';
    case 'decided':
    case 'voted':
    case 'objected':
      return decide(stage, script, view, answer, position);
    case 'received': {
      const wait = view.waitingOn.find(({ kind, step }) => kind === 'event' && step === move.step);
      if (wait?.event === undefined) return 'not yet';
      const id = signalIdOf(script, position);
      await world.before?.({ orchestrator, runId, move });
      await orchestrator.signal(runId, wait.event, value, { id, actor: reviewer });
      return 'given';
    }
    default: {
      const timer = timerOf(view, move, last);
      if (timer === undefined) return answerCalls(stage, view, answer);
      if (timer.until === null) return 'not yet';
      await world.clock.advance(Math.max(0, Date.parse(timer.until) - world.clock.nowMs()));
      return 'given';
    }
  }
}

/** A map is undone item by item, as one entry. */
function answerUndo(
  { executor }: Stage,
  script: Script,
  view: RunView,
  { move }: Answer,
  position: number,
): Given {
  const undo = view.waitingOn.find(({ kind }) => kind === 'undo');
  if (undo?.what.startsWith(`undo entry ${undoBefore(script, position) + 1},`) !== true)
    return 'not yet';
  const calls = executor.calls.filter(({ kind }) => kind === 'undo');
  for (const call of calls) call.answer(outcomeOf(move, null));
  return calls.length > 0 ? 'partly' : 'not yet';
}

async function decide(
  { orchestrator, world }: Stage,
  script: Script,
  view: RunView,
  { move, value }: Answer,
  position: number,
): Promise<Given> {
  const { runId } = view;
  const review = reviewOf(view, move.step);
  if (review === undefined) return 'not yet';
  const actor = move.type.endsWith('.decided') ? reviewer : voterAt(script, position);
  const { approvals, rejections } = review.review ?? {};
  const given = [...(approvals?.given ?? []), ...(rejections?.given ?? [])];
  if (given.some((vote) => vote.actor === actor)) return 'given';
  const groups = [
    ...(review.assignees ?? []),
    ...(approvals?.from ?? []).map(({ group }) => group),
  ];
  await world.before?.({ orchestrator, runId, move });
  await orchestrator.decide(runId, move.step, {
    outcome: move.outcome ?? 'approved',
    actor,
    groups,
    ...(value === undefined ? {} : { form: value }),
  });
  return 'given';
}

/** Each approval comes from another person. */
function voterAt({ answers }: Script, position: number): string {
  const before = answers
    .slice(0, position)
    .filter(({ move }) => /\.(voted|objected)$/.test(move.type));
  return `${reviewer} ${before.length + 2}`;
}

/** Entries of the undo list that are done with. */
function undoBefore({ answers }: Script, position: number): number {
  const before = answers.slice(0, position).map(({ move }) => move);
  const round = before.slice(before.findLastIndex(({ type }) => type === 'run.retried') + 1);
  return round.filter(
    ({ type, failure }) =>
      type === 'undo.completed' || (type === 'undo.failed' && failure !== 'transient'),
  ).length;
}

async function answerCalls(
  stage: Stage,
  view: RunView,
  { move, value, items }: Answer,
): Promise<Given> {
  const { executor } = stage;
  const inMap = executor.calls.filter(
    (call) => call.runId === view.runId && call.step.startsWith(`${move.step}/`),
  );
  for (const call of inMap) {
    const own = items?.[call.step.slice(move.step.length + 1)];
    call.answer(move.type.endsWith('.completed') ? parsed(call, own) : outcomeOf(move, call));
  }
  if (inMap.length > 0) return 'partly';
  // A child that was stopped: what it still does ends, and what it has done is undone.
  const child = view.waitingOn.find(({ kind, step }) => kind === 'child' && step === move.step);
  if (child?.runId !== undefined) {
    await stopBelow(stage, child.runId);
    return 'not yet';
  }
  const call = callOf(executor, view.runId, move.step);
  if (call === undefined) return 'not yet';
  call.answer(
    move.type.endsWith('.completed') ? parsed(call, value) : outcomeOf(move, call, value),
  );
  return 'given';
}

async function stopBelow(stage: Stage, runId: string): Promise<void> {
  for (const call of stage.executor.calls.filter((one) => one.runId === runId))
    call.answer(call.kind === 'undo' ? succeeded(null) : failed());
  // The parent names its child before it is there.
  if ((await stage.world.store.load(runId)) === null) return;
  const { waitingOn } = await stage.orchestrator.get(runId);
  for (const { kind, runId: below } of waitingOn)
    if (kind === 'child' && below !== undefined) await stopBelow(stage, below);
}

/** As the executor of a real task does it: what a handler returns is parsed, and its stored form is the output. */
function parsed({ request }: Call, raw: unknown): AttemptOutcome {
  const result = request.task.output.parse(raw);
  return result.ok
    ? succeeded(result.stored)
    : failed({ name: 'OutputInvalid', message: 'the example is no output of the task' });
}

function outcomeOf(move: Move, call: Call | null, detail?: unknown): AttemptOutcome {
  if (move.step === 'undo')
    return move.type === 'undo.completed'
      ? succeeded(null)
      : failed({ retryable: move.failure === 'transient' });
  if (move.type.endsWith('.completed')) return succeeded(null);
  if (move.type.endsWith('.in_doubt'))
    return failed({ name: 'OutcomeUnknownError', retryable: true, unclear: true });
  if (move.failure !== 'declared') return failed({ retryable: move.failure === 'transient' });
  const contract = (call?.request as AttemptRequest | undefined)?.task.failures.get(
    move.code ?? '',
  );
  const stored = contract?.parse(detail ?? null);
  return failed({
    name: 'DeclaredFailure',
    code: move.code ?? '',
    detail: stored?.ok === true ? stored.stored : null,
  });
}

function callOf(executor: ScriptedExecutor, runId: string, step: string): Call | undefined {
  return executor.calls.find(
    (call) => call.kind === 'attempt' && call.runId === runId && call.step === step,
  );
}

function reviewOf({ waitingOn }: RunView, step: string): Waiting | undefined {
  return waitingOn.find((waiting) => waiting.kind === 'review' && waiting.step === step);
}

const timers: ReadonlyMap<string, readonly Waiting['kind'][]> = new Map([
  ['fired', ['timer']],
  ['retry_due', ['retry']],
  ['deferral_over', ['breaker']],
  ['deadline_passed', ['timer']],
  ['timed_out', ['timer', 'event']],
  ['grace_over', ['timer']],
  ['expired', ['review']],
]);

function timerOf({ waitingOn }: RunView, { step }: Move, last: string): Waiting | undefined {
  const kinds = escalationLevel(last) === null ? timers.get(last) : (['timer'] as const);
  if (kinds === undefined) return undefined;
  const found = waitingOn.find((waiting) => kinds.includes(waiting.kind) && waiting.step === step);
  return found ?? { kind: 'timer', step, since: '', until: null, what: '', afterwards: null };
}

/** A crash has left an attempt without a verdict that the path does not know of: what really happened is said. */
async function settleDoubts(
  { orchestrator, world }: Stage,
  script: Script,
  view: RunView,
  { move }: Answer,
): Promise<boolean> {
  const review = view.waitingOn.find(
    (waiting) => waiting.kind === 'review' && waiting.what.includes('took effect'),
  );
  if (review === undefined || isVerdict(move, review.step)) return false;
  const next = script.answers.find((answer) => answer.move.type === `${review.step}.completed`);
  const happened = world.tookEffect?.({ runId: view.runId, step: review.step }) === true;
  await orchestrator.decide(view.runId, review.step, {
    outcome: happened ? 'happened' : 'did_not_happen',
    actor: reviewer,
    ...(happened && next?.value !== undefined ? { output: next.value } : {}),
  });
  return true;
}

/** The path itself goes on with the verdict, or leaves it open. */
function isVerdict({ type, step }: Move, doubted: string): boolean {
  const last = type.slice(step.length + 1);
  const isStop = step === 'run' || step === 'stop';
  return (
    isStop ||
    (step === doubted &&
      ['happened', 'did_not_happen', 'given_up', 'deadline_passed'].includes(last))
  );
}

/** What a transition asks for, turned into open items, messages, commands, and events that follow in the same commit. */
import { contextOf, statusOf } from '../../chart/advance.ts';
import { attemptsOf } from '../../chart/context.ts';
import type { Effect } from '../../chart/events.ts';
import { closeItems, type Draft, isStepItem, openItem, record } from '../draft.ts';
import { type Incoming, replayOf } from '../incoming.ts';
import { outcomeOf } from '../outcome.ts';
import { countObjection, countVote, escalate } from '../review-progress.ts';
import type { OpenItem } from '../run-body.ts';
import { startChild, tellParent } from './children.ts';
import { awaitEvent, emit } from './events.ts';
import { decideByPolicy, openReview } from './reviews.ts';
import { startTimer } from './timers.ts';

export function carryOut(draft: Draft, effect: Effect, cause: Incoming): readonly Incoming[] {
  const { run, tools } = draft;
  const replay = 'step' in effect && isAnswered(effect) ? replayOf(run, effect.step) : null;
  if (replay !== null) return [isFirstFailure(draft, effect, replay) ? unsettled(replay) : replay];
  switch (effect.type) {
    case 'attempt': {
      const failed = attemptsOf(contextOf(run.snapshot), effect.step);
      const item = {
        kind: 'attempt',
        step: effect.step,
        fallback: effect.fallback,
        attempt: failed + 1,
        token: tools.token(),
        dispatches: 1,
        sinceMs: tools.nowMs,
        dueAtMs: null,
      } as const;
      openItem(draft, item);
      draft.commands.push({ type: 'attempt', step: effect.step });
      return [];
    }
    case 'child':
      return startChild(draft, effect.step);
    case 'map':
      openItem(draft, {
        kind: 'map',
        step: effect.step,
        token: tools.token(),
        stopping: false,
        sinceMs: tools.nowMs,
        dueAtMs: null,
      });
      draft.commands.push({ type: 'map', step: effect.step });
      return [];
    case 'emit':
      return emit(draft, effect.step);
    case 'await':
      return awaitEvent(draft, effect.step);
    case 'review':
      openReview(draft, effect.step, effect.inDoubt, effect.fallback === true);
      return [];
    case 'vote':
      countVote(draft, effect.step, cause);
      return [];
    case 'object':
      countObjection(draft, effect.step, cause);
      return [];
    case 'escalate':
      escalate(draft, effect.step, effect.level);
      return [];
    case 'decide':
      return [decideByPolicy(draft, effect.step)];
    case 'timer':
      return startTimer(draft, effect.step, effect.name, cause);
    case 'withdraw':
      closeItems(draft, (item) => isWithdrawn(item, effect));
      return [];
    case 'abandon':
      closeItems(draft, (item) => isStepItem(item, effect.step));
      draft.commands.push({ type: 'abort', step: effect.step });
      return [];
    case 'skip':
      if (run.recorded?.get(effect.step) === undefined) skip(draft, effect.step);
      return [];
    case 'stop':
      stop(draft, effect.mode, effect.running);
      return [];
    case 'undo':
      openItem(draft, {
        kind: 'undo',
        position: effect.position,
        attempt: (contextOf(run.snapshot).undo?.attempts ?? 0) + 1,
        token: tools.token(),
        dispatches: 1,
        sinceMs: tools.nowMs,
        dueAtMs: null,
      });
      draft.commands.push({ type: 'undo' });
      return [];
    case 'finish':
      finish(draft);
      return [];
    default:
      return effect satisfies never;
  }
}

function isWithdrawn(
  item: OpenItem,
  { step, name }: Extract<Effect, { type: 'withdraw' }>,
): boolean {
  // Of a review that is closed there is nothing to tell any more.
  if (item.kind === 'notice') return item.about?.step === step && (name ?? 'review') === 'review';
  if (item.kind === 'attempt' || !isStepItem(item, step)) return false;
  return name === undefined || name === (item.kind === 'timer' ? item.name : item.kind);
}

/** Where a fallback stands in, the recorded failure of the task itself settles nothing yet. */
function isFirstFailure(draft: Draft, effect: Effect, replay: Incoming): boolean {
  if (effect.type !== 'attempt' || effect.fallback) return false;
  const node = draft.run.definition.index.nodes.get(effect.step);
  return (
    node?.kind === 'task' && node.fallback !== undefined && replay.event.type.endsWith('.failed')
  );
}

function unsettled({ settles: _, ...replay }: Incoming): Incoming {
  return replay;
}

/** Effects that a recorded outcome answers when a failed run goes on. */
const answers: ReadonlySet<string> = new Set([
  'attempt',
  'child',
  'map',
  'emit',
  'await',
  'review',
]);

/** Of a step's timers the record answers the one that settles it; a limit is opened and withdrawn again. */
function isAnswered(effect: Effect): boolean {
  return effect.type === 'timer' ? effect.name === 'fired' : answers.has(effect.type);
}

function skip(draft: Draft, step: string): void {
  const settled = draft.run.progress.get(step);
  const status = statusOf(draft.run.snapshot);
  record(draft, {
    atMs: draft.tools.nowMs,
    event: `${step}.skipped`,
    actor: 'signalbox',
    from: status,
    to: status,
    step,
    settles: 'skipped',
    data: { reason: settled?.status === 'skipped' ? settled.reason : 'A condition does not hold.' },
  });
}

function stop(draft: Draft, mode: 'drain' | 'abort', running: readonly string[]): void {
  const { run, tools } = draft;
  for (const item of run.open) {
    if (!('step' in item) || !running.includes(item.step)) continue;
    if (item.kind === 'child') {
      draft.messages.push({
        id: `${item.runId}/stop/${run.state.revision}`,
        runId: item.runId,
        kind: 'cancel',
        atMs: tools.nowMs,
        body: { mode, reason: `Run "${run.header.id}" stops`, actor: `run:${run.header.id}` },
      });
    }
    if (item.kind === 'map') draft.commands.push({ type: 'stopMap', step: item.step });
    if ((item.kind === 'attempt' || item.kind === 'map') && mode === 'abort')
      draft.commands.push({ type: 'abort', step: item.step });
  }
  run.open = run.open.map((item) =>
    item.kind === 'map' && running.includes(item.step) ? { ...item, stopping: true } : item,
  );
  if (
    mode === 'abort' &&
    running.length > 0 &&
    !run.open.some((item) => isStepItem(item, 'stop'))
  ) {
    openItem(draft, {
      kind: 'timer',
      step: 'stop',
      name: 'grace_over',
      sinceMs: tools.nowMs,
      dueAtMs: tools.nowMs + run.definition.plan.abortGraceMs,
    });
  }
}

function finish(draft: Draft): void {
  const { run, tools } = draft;
  const status = statusOf(run.snapshot);
  if (status !== 'complete') run.outcome = outcomeOf(run);
  run.open = [];
  run.mailbox = [];
  tellParent(draft);
  if (status === 'failed' && run.definition.plan.onFailed !== undefined) {
    openItem(draft, {
      kind: 'notice',
      attempt: 1,
      token: tools.token(),
      sinceMs: tools.nowMs,
      dueAtMs: null,
    });
    draft.commands.push({ type: 'notice' });
  }
}

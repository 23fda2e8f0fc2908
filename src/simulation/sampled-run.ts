/** One run by chance: the chart decides as it does in the engine, the model says how long things take and how they end. */
import type { AnyMachineSnapshot } from 'xstate';
import { type CompiledChart, contextOf, statusOf } from '../chart/advance.ts';
import { holdsIn } from '../chart/conditions.ts';
import { attemptsOf } from '../chart/context.ts';
import type { ChartEvent, Effect } from '../chart/events.ts';
import { isTerminal } from '../chart/lifecycle.ts';
import { parseDuration } from '../plan/duration.ts';
import type { Plan, PlanNode, RunStatus, StepNode, TaskCall, TaskStep } from '../plan/plan.ts';
import { nextDelayMs } from '../plan/retry-policy.ts';
import { type PlanIndex, type Settled, settle } from '../plan/settle.ts';
import type { Agenda } from './agenda.ts';
import { drawMs } from './distribution.ts';
import { sampleMap } from './map-sample.ts';
import { type Step } from './memo.ts';
import { type Model, stepModelOf } from './model.ts';
import type { Pool } from './pool.ts';

/** A workflow made ready once for all its runs. */
export interface Subject {
  readonly plan: Plan;
  readonly compiled: CompiledChart;
  readonly index: PlanIndex;
  readonly model: Model;
  readonly step: Step;
  /** Says of a condition what it says of the way its sources ended; `undefined`: that depends on the data. */
  condition(id: string, value: unknown): boolean | undefined;
}

export interface World {
  readonly agenda: Agenda;
  readonly random: () => number;
  /** Of a queue of tasks. */
  workers(queue: string): Pool;
  readonly reviewers: Pool;
  /** A child workflow, if it is to be simulated as well. */
  child(workflow: string, version: number): Subject | null;
  /** Told of each thing that counts: attempts, failures, expiries. */
  count(subject: Subject, step: string, what: Counted): void;
}

export type Counted = 'attempt' | 'failure' | 'review' | 'expiry' | 'undo';

export interface SampledEnd {
  readonly status: RunStatus;
  /** Entries of the undo list that were undone, and all there were. */
  readonly undone: number;
  readonly undoable: number;
}

export interface SampledRun {
  cancel(mode: 'drain' | 'abort'): void;
}

interface Item {
  readonly step: string;
  /** `timer:name`, `review`, `event` or `work`. */
  readonly kind: string;
  readonly end: () => void;
}

/** An event, what it settles, and the wait it asks for. */
type Next = readonly [event: ChartEvent, settles: Settled | undefined, delayMs: number];

const failureOf = (step: string, retryable: boolean) => ({
  step,
  name: 'Simulated',
  message: '',
  retryable,
});
const decider = { actor: 'simulated', groups: [], assignees: null, excluded: [] };

/** @param onEnd - told once, when the run has ended */
export function startSampledRun(
  subject: Subject,
  world: World,
  onEnd: (ended: SampledEnd) => void,
): SampledRun {
  const { plan, compiled, index, model } = subject;
  const { agenda, random } = world;
  const progress = new Map<string, Settled>();
  const undoList: { readonly step: string; readonly call: TaskCall | null }[] = [];
  let snapshot: AnyMachineSnapshot = compiled.initial;
  let items: Item[] = [];
  const childRuns = new Map<string, SampledRun>();
  let undone = 0;
  let hasEnded = false;

  function send(event: ChartEvent, settles?: Settled, delayMs = 0): void {
    if (hasEnded) return;
    const queue: Next[] = [[event, settles, delayMs]];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [sent, value, waitMs] = next;
      const settled = settledBy(sent, value);
      const withFacts =
        settled === null || Object.keys(settled.facts).length === 0
          ? sent
          : { ...sent, facts: settled.facts };
      const advanced = subject.step(snapshot, withFacts);
      if (advanced === null) continue;
      snapshot = advanced.snapshot;
      for (const [id, known] of settled?.settled ?? []) progress.set(id, known);
      noteCompletion(withFacts, sent.type, value);
      const following: Next[] = [];
      for (const effect of advanced.effects) following.push(...carryOut(effect, waitMs));
      queue.unshift(...following);
    }
    if (!hasEnded && isTerminal(statusOf(snapshot))) {
      hasEnded = true;
      for (const item of items) item.end();
      items = [];
      onEnd({ status: statusOf(snapshot), undone, undoable: undoList.length });
    }
  }

  function settledBy(event: ChartEvent, value: Settled | undefined) {
    const isStart = event.type === 'run.started';
    if (!isStart && (value === undefined || statusOf(snapshot) !== 'processing')) return null;
    const step = event.type.slice(0, event.type.lastIndexOf('.'));
    return settle(
      index,
      progress,
      value === undefined ? [] : [[step, value]],
      () => undefined,
      { predicate: holds, derive: () => undefined, choice: choose },
      isStart,
    );
  }

  function holds(id: string, value: unknown): boolean {
    const node = index.nodes.get(id);
    const rate = node?.kind === 'predicate' ? model.conditions?.[node.label] : undefined;
    if (rate !== undefined) return random() < rate;
    return subject.condition(id, value) ?? random() < 0.5;
  }

  function choose(id: string): string | undefined {
    const node = index.nodes.get(id);
    if (node?.kind !== 'choice' || !('field' in node.by)) return undefined;
    const { cases, otherwise } = node.by;
    const names = otherwise === undefined ? cases : [...cases, otherwise];
    const weights = names.map((name) =>
      model.choices?.[id] === undefined ? 1 : (model.choices[id][name] ?? 0),
    );
    let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
    return names.find((_, position) => (left -= weights[position] ?? 0) < 0) ?? names.at(-1);
  }

  function noteCompletion(event: ChartEvent, type: string, value: Settled | undefined): void {
    if ((event.undo ?? 0) === 0 || value === undefined) return;
    const step = type.slice(0, type.lastIndexOf('.'));
    const node = index.nodes.get(step);
    const entry = { step, call: node?.kind === 'task' ? node.call : null };
    for (let left = event.undo ?? 0; left > 0; left -= 1) undoList.push(entry);
  }

  // --- what is open ------------------------------------------------------------------------------------------------------------------

  /** Something that ends in `delayMs`, unless it is closed before. */
  function open(step: string, kind: string, delayMs: number, happen: () => void): void {
    const item: Item = {
      step,
      kind,
      end: agenda.after(delayMs, () => {
        items = items.filter((other) => other !== item);
        happen();
      }),
    };
    items.push(item);
  }

  function close(matches: (item: Item) => boolean): void {
    const closed = items.filter(matches);
    if (closed.length === 0) return;
    items = items.filter((item) => !closed.includes(item));
    for (const { end } of closed) end();
  }

  /** Takes somebody of the pool for as long as it lasts. */
  function occupy(
    pool: Pool,
    step: string,
    kind: string,
    lastsMs: number,
    happen: () => void,
  ): void {
    let stop = () => {};
    let isOver = false;
    const place = pool.enter(() => {
      stop = agenda.after(lastsMs, () => {
        items = items.filter((other) => other !== item);
        isOver = true;
        place.leave();
        happen();
      });
    });
    const item: Item = {
      step,
      kind,
      end() {
        if (isOver) return;
        isOver = true;
        stop();
        place.leave();
      },
    };
    items.push(item);
  }

  // --- effects -----------------------------------------------------------------------------------------------------------------------

  function carryOut(effect: Effect, waitMs: number): readonly Next[] {
    switch (effect.type) {
      case 'attempt':
        attempt(effect.step, effect.fallback);
        return [];
      case 'child':
        startChild(effect.step);
        return [];
      case 'map':
        startMap(effect.step);
        return [];
      case 'emit':
        return [[{ type: `${effect.step}.completed` }, complete(undefined), 0]];
      case 'await':
        awaitEvent(effect.step);
        return [];
      case 'review':
        review(effect.step, effect.inDoubt);
        return [];
      case 'decide':
        return [decideByPolicy(effect.step)];
      case 'timer':
        startTimer(effect.step, effect.name, waitMs);
        return [];
      case 'withdraw':
        close(({ step, kind }) => {
          if (step !== effect.step || kind === 'work') return false;
          return (
            effect.name === undefined || kind === effect.name || kind === `timer:${effect.name}`
          );
        });
        return [];
      case 'abandon':
        close(({ step, kind }) => step === effect.step && kind === 'work');
        return [];
      case 'stop':
        return stop(effect.mode, effect.running);
      case 'undo':
        undo(effect.position);
        return [];
      case 'skip':
      case 'finish':
        return [];
      default:
        return effect satisfies never;
    }
  }

  function attempt(step: string, isFallback: boolean): void {
    const node = index.nodes.get(step);
    if (node?.kind !== 'task') return;
    const call = isFallback && node.fallback !== undefined ? node.fallback : node.call;
    const { duration, failureRate = 0, fatalRate = 0 } = stepModelOf(model, step);
    world.count(subject, step, 'attempt');
    const takesMs = duration === undefined ? (node.expectedMs ?? 0) : drawMs(duration, random);
    const isLate = call.timeoutMs !== undefined && takesMs > call.timeoutMs;
    const draw = random();
    const ending =
      isLate || draw < failureRate ? 'passing' : draw < failureRate + fatalRate ? 'fatal' : 'ok';
    const lastsMs = isLate ? (call.timeoutMs ?? 0) : takesMs;
    occupy(world.workers(call.queue), step, 'work', lastsMs, () => {
      if (ending === 'ok') return send(completed(node, call), complete(valueOf(node)));
      world.count(subject, step, 'failure');
      if (isLate && call.repeat === 'unsafe')
        return send({ type: `${step}.in_doubt`, failure: failureOf(step, false) });
      fail(node, call, isFallback, ending === 'passing');
    });
  }

  function completed(node: TaskStep, call: TaskCall): ChartEvent {
    const canUndo = [node.call, node.fallback].some(
      (one) => one !== undefined && one.compensate !== 'none',
    );
    const type = `${node.id}.completed`;
    return canUndo ? { type, undo: call.compensate === 'none' ? 0 : 1 } : { type };
  }

  function fail(node: TaskStep, call: TaskCall, isFallback: boolean, isPassing: boolean): void {
    const attempts = attemptsOf(contextOf(snapshot), node.id) + 1;
    const delayMs = isPassing ? nextDelayMs(call.retry, attempts, random()) : null;
    const isLast = isFallback || node.fallback === undefined;
    const value = { status: 'failed', failure: failureOf(node.id, false) };
    const settles =
      delayMs === null && isLast && node.tolerate === 'any' ? complete(value) : undefined;
    send(
      { type: `${node.id}.failed`, failure: failureOf(node.id, isPassing) },
      settles,
      delayMs ?? 0,
    );
  }

  function startChild(step: string): void {
    const node = index.nodes.get(step);
    if (node?.kind !== 'child') return;
    const whenDone = (hasCompleted: boolean, undoable: number) => {
      const value = node.tolerate === undefined ? undefined : { status: 'complete' };
      if (hasCompleted) return send({ type: `${step}.completed`, undo: undoable }, complete(value));
      const failed = { status: 'failed', failure: failureOf(step, false) };
      send(
        { type: `${step}.failed`, failure: failureOf(step, false) },
        node.tolerate === undefined ? undefined : complete(failed),
      );
    };
    const inner = world.child(node.workflow, node.version);
    const { duration, fatalRate = 0 } = stepModelOf(model, step);
    if (inner === null || duration !== undefined) {
      const fails = random() < fatalRate;
      open(step, 'work', duration === undefined ? 0 : drawMs(duration, random), () =>
        whenDone(!fails, 0),
      );
      return;
    }
    const item: Item = { step, kind: 'child', end: () => {} };
    items.push(item);
    const run = startSampledRun(inner, world, ({ status, undoable }) => {
      items = items.filter((other) => other !== item);
      childRuns.delete(step);
      // What starts it has to be over first.
      agenda.after(0, () => whenDone(status === 'complete', undoable));
    });
    if (items.includes(item)) childRuns.set(step, run);
  }

  function startMap(step: string): void {
    const node = index.nodes.get(step);
    if (node?.kind !== 'map') return;
    const { lastsMs, hasFailed } = sampleMap(node, model, random);
    open(step, 'work', lastsMs, () =>
      hasFailed
        ? send({ type: `${step}.failed`, failure: failureOf(step, false), undo: 0 })
        : send({ type: `${step}.completed`, undo: 0 }, complete(undefined)),
    );
  }

  function awaitEvent(step: string): void {
    const node = index.nodes.get(step);
    if (node?.kind !== 'wait') return;
    const { delay, rate = 1 } = model.events?.[step] ?? {};
    const isWrapped = node.onTimeout === 'continue';
    if (random() < rate)
      open(step, 'event', delay === undefined ? 0 : drawMs(delay, random), () =>
        send(
          { type: `${step}.received` },
          complete(isWrapped ? { status: 'received' } : undefined),
        ),
      );
    if (node.withinMs === undefined) return;
    open(step, 'timeout', node.withinMs, () => {
      world.count(subject, step, 'expiry');
      const type = `${step}.timed_out`;
      if (isWrapped) return send({ type }, complete({ status: 'timed_out' }));
      send({ type, failure: failureOf(step, false) });
    });
  }

  function review(step: string, inDoubt: boolean): void {
    const { delay, work, approvalRate = 1 } = model.reviews?.[step] ?? {};
    world.count(subject, step, 'review');
    const outcome = random() < approvalRate ? 'approved' : 'rejected';
    const lastsMs = work === undefined ? 0 : drawMs(work, random);
    open(step, 'review', delay === undefined ? 0 : drawMs(delay, random), () =>
      occupy(world.reviewers, step, 'review', lastsMs, () =>
        inDoubt ? verdict(step) : decide(step, outcome),
      ),
    );
    const node = index.nodes.get(step);
    const expiresMs =
      step === 'completion'
        ? plan.finish.expiresMs
        : node?.kind === 'review'
          ? node.expiresMs
          : undefined;
    if (expiresMs === undefined || inDoubt) return;
    open(step, 'expiry', expiresMs, () => {
      world.count(subject, step, 'expiry');
      expire(step, node);
    });
  }

  function decide(step: string, outcome: 'approved' | 'rejected'): void {
    const value = { outcome, actor: decider.actor, form: {} };
    const failure = outcome === 'rejected' ? { failure: failureOf(step, false) } : {};
    const isFatal = step === 'completion' || failsOnRejection(step, outcome);
    send(
      { type: `${step}.decided`, outcome, decider, ...failure },
      isFatal ? undefined : complete(value),
    );
  }

  function failsOnRejection(step: string, outcome: string): boolean {
    const node = index.nodes.get(step);
    return outcome === 'rejected' && node?.kind === 'review' && node.onRejected === 'fail';
  }

  /** Of an attempt nobody knows the end of: it happened. */
  function verdict(step: string): void {
    const node = index.nodes.get(step);
    if (node?.kind !== 'task') return;
    const { undo: entries = 0 } = completed(node, node.call);
    send({ type: `${step}.happened`, decider, undo: entries }, complete(valueOf(node)));
  }

  function expire(step: string, node: PlanNode | undefined): void {
    const event = { type: `${step}.expired`, failure: failureOf(step, false) };
    if (node?.kind !== 'review' || node.onExpired === 'fail') return send(event);
    if (node.onExpired === 'reject' && node.onRejected === 'fail') return send(event);
    const outcome = node.onExpired === 'reject' ? 'rejected' : 'expired';
    send({ type: event.type }, complete({ outcome, actor: 'policy:expired' }));
  }

  function decideByPolicy(step: string): Next {
    const node = index.nodes.get(step);
    const approve = node?.kind === 'review' ? node.approve : plan.finish.approve;
    const { facts } = contextOf(snapshot);
    const type = `${step}.decided_by_policy`;
    if (approve.by === 'guard' && !holdsIn(approve.condition, facts))
      return [{ type }, undefined, 0];
    const value = { outcome: 'approved', actor: 'policy', form: {} };
    return [
      { type, outcome: 'approved' },
      node?.kind === 'review' ? complete(value) : undefined,
      0,
    ];
  }

  function startTimer(step: string, name: string, waitMs: number): void {
    const node = index.nodes.get(step);
    const failure = { failure: failureOf(step, false) };
    open(step, `timer:${name}`, timerMs(step, name, node, waitMs), () => {
      if (name === 'fired') return send({ type: `${step}.fired` }, complete(undefined));
      if (name === 'timed_out') {
        world.count(subject, 'run', 'expiry');
        return send({ type: 'run.timed_out', ...failure });
      }
      if (name === 'grace_over') close(({ kind }) => kind === 'work');
      if (name !== 'deadline_passed') return send({ type: `${step}.${name}` });
      world.count(subject, step, 'expiry');
      const value = { status: 'failed', failure: failureOf(step, false) };
      const isTolerated = node?.kind === 'task' && node.tolerate === 'any';
      send({ type: `${step}.${name}`, ...failure }, isTolerated ? complete(value) : undefined);
    });
  }

  function timerMs(step: string, name: string, node: PlanNode | undefined, waitMs: number): number {
    if (name === 'timed_out') return plan.timeoutMs ?? 0;
    if (name === 'grace_over') return plan.abortGraceMs;
    if (name === 'deadline_passed') return node?.kind === 'task' ? (node.withinMs ?? 0) : 0;
    return name === 'fired' ? sleepMs(step, node) : waitMs;
  }

  function sleepMs(step: string, node: PlanNode | undefined): number {
    const { duration } = stepModelOf(model, step);
    if (model.steps?.[step]?.duration !== undefined && duration !== undefined)
      return drawMs(duration, random);
    if (node?.kind !== 'sleep' || node.for.kind !== 'literal') return 0;
    const { value } = node.for;
    if (typeof value === 'number') return value;
    return typeof value === 'string' ? (parseDuration(value) ?? 0) : 0;
  }

  /** Attempts that are told to stop do so at once; others end by themselves. */
  function stop(mode: 'drain' | 'abort', running: readonly string[]): readonly Next[] {
    for (const step of running) childRuns.get(step)?.cancel(mode);
    if (mode === 'drain') return [];
    const stopped = running.filter((step) =>
      items.some((item) => item.step === step && item.kind === 'work'),
    );
    close(({ step, kind }) => kind === 'work' && stopped.includes(step));
    return stopped.map((step) => [
      { type: `${step}.failed`, failure: failureOf(step, false) },
      undefined,
      0,
    ]);
  }

  function undo(position: number): void {
    const entry = undoList[undoList.length - 1 - position];
    const step = entry?.step ?? 'undo';
    const { undo: takes, undoFailureRate = 0 } = stepModelOf(model, step);
    world.count(subject, step, 'undo');
    const retry = entry?.call?.undo?.retry;
    const isIrreversible = entry?.call?.compensate === 'irreversible';
    open('undo', 'work', takes === undefined ? 0 : drawMs(takes, random), () => {
      if (!isIrreversible && random() >= undoFailureRate) {
        undone += 1;
        return send({ type: 'undo.completed' });
      }
      const attempts = (contextOf(snapshot).undo?.attempts ?? 0) + 1;
      const delayMs =
        isIrreversible || retry === undefined ? null : nextDelayMs(retry, attempts, random());
      const failure = failureOf(step, delayMs !== null);
      send(
        { type: 'undo.failed', failure, maxAttempts: retry?.maxAttempts ?? 1 },
        undefined,
        delayMs ?? 0,
      );
    });
  }

  send({ type: 'run.started' });
  return {
    cancel: (mode) => send({ type: 'run.cancelled', mode }),
  };
}

const complete = (value: unknown): Settled => ({ status: 'complete', value });

function valueOf(node: StepNode): unknown {
  return node.kind === 'task' && node.tolerate !== undefined ? { status: 'complete' } : undefined;
}

/** A run driven by chart and plan alone: no engine, no store, no clock. What an engine would do is done by the test. */
import type { AnyMachineSnapshot } from 'xstate';
import {
  advance,
  type CompiledChart,
  compileChart,
  contextOf,
  fromStored,
  statusOf,
  toStored,
} from '../../../src/chart/advance.ts';
import type { Advance, ChartEvent, Decider, Effect } from '../../../src/chart/events.ts';
import { assertLegal } from '../../../src/chart/lifecycle.ts';
import type { JsonObject } from '../../../src/plan/json.ts';
import type { Plan, RunStatus } from '../../../src/plan/plan.ts';
import { indexPlan, type PlanIndex, type Settled, settle } from '../../../src/plan/settle.ts';

/** What the run waits for, by the names of the effects that asked for it. */
export interface Asked {
  /** Attempts, children and maps. */
  readonly running: ReadonlySet<string>;
  /** `step.name` */
  readonly timers: ReadonlySet<string>;
  readonly reviews: ReadonlySet<string>;
  readonly waits: ReadonlySet<string>;
  readonly undo: number | null;
}

export const anybody: Decider = { actor: 'ann', groups: [], assignees: null, excluded: [] };

export class ChartRun {
  readonly compiled: CompiledChart;
  readonly index: PlanIndex;
  snapshot: AnyMachineSnapshot;
  readonly progress = new Map<string, Settled>();
  readonly effects: Effect[] = [];
  /** Steps the chart skipped, and those that the plan says are skipped. */
  readonly skipped: string[] = [];
  readonly settledAsSkipped: string[] = [];
  readonly statuses: RunStatus[] = ['pending'];
  /** Called with every event that was accepted, before the run moves on. */
  onAdvance: (event: ChartEvent, before: AnyMachineSnapshot, after: Advance) => void = () => {};
  readonly #running = new Set<string>();
  readonly #timers = new Set<string>();
  readonly #reviews = new Set<string>();
  readonly #waits = new Set<string>();
  #undo: number | null = null;
  readonly #truth: (predicate: string) => boolean;

  /** @param truth - what each predicate says once it is asked */
  constructor(plan: Plan, truth: (predicate: string) => boolean = () => true) {
    this.compiled = compileChart(plan);
    this.index = indexPlan(plan);
    this.snapshot = this.compiled.initial;
    this.#truth = truth;
  }

  get status(): RunStatus {
    return statusOf(this.snapshot);
  }

  get context() {
    return contextOf(this.snapshot);
  }

  get isDraining(): boolean {
    return JSON.stringify(this.snapshot.value) === '{"processing":"draining"}';
  }

  get isOver(): boolean {
    return this.status === 'complete' || this.status === 'failed' || this.status === 'cancelled';
  }

  get asked(): Asked {
    return {
      running: this.#running,
      timers: this.#timers,
      reviews: this.#reviews,
      waits: this.#waits,
      undo: this.#undo,
    };
  }

  start(): this {
    const settlement = this.#settle([], true);
    return this.send({ type: 'run.started', facts: settlement.facts });
  }

  /** Settles the step by this event. */
  settle(step: string, event: ChartEvent, value: unknown = null): this {
    const { facts } = this.#settle([[step, { status: 'complete', value }]], false);
    return this.send({ ...event, facts });
  }

  /** The attempt, child or map is over; the event that says so is sent by the caller. */
  ended(step: string): void {
    this.#running.delete(step);
  }

  complete(step: string, given: Partial<ChartEvent> = {}): this {
    this.#running.delete(step);
    return this.settle(step, { type: `${step}.completed`, ...given });
  }

  /** One attempt fails; whether the step does is the chart's to say. */
  fail(step: string, given: { readonly retryable?: boolean; readonly code?: string } = {}): this {
    this.#running.delete(step);
    return this.send(failed(step, given));
  }

  fire(timer: string): this {
    this.#timers.delete(timer);
    const [step = ''] = timer.split('.');
    return timer.endsWith('.fired')
      ? this.settle(step, { type: timer })
      : this.send({ type: timer });
  }

  decide(step: string, outcome: 'approved' | 'rejected'): this {
    this.#reviews.delete(step);
    const event = { type: `${step}.decided`, outcome, decider: anybody };
    return step === 'completion' ? this.send(event) : this.settle(step, event, { outcome });
  }

  undone(given: { readonly failed?: boolean; readonly retryable?: boolean } = {}): this {
    this.#undo = null;
    if (given.failed !== true) return this.send({ type: 'undo.completed' });
    const { failure } = failed('undo', given);
    return this.send({ type: 'undo.failed', maxAttempts: 3, ...(failure && { failure }) });
  }

  /** @throws Error if the event is refused */
  send(event: ChartEvent): this {
    const refused = this.tries(event);
    if (refused === null)
      throw new Error(`Refused: ${event.type} in ${JSON.stringify(this.snapshot.value)}`);
    return this;
  }

  /** @returns `null` if the event is refused */
  tries(event: ChartEvent): readonly Effect[] | null {
    const before = this.snapshot;
    const advanced = advance(this.compiled, before, event);
    if (advanced === null) return null;
    this.onAdvance(event, before, advanced);
    this.snapshot = advanced.snapshot;
    if (advanced.from !== advanced.to) {
      // A start with nothing to do, or nothing that can be done, leads past `processing` at once.
      if (advanced.from === 'pending' && advanced.to !== 'cancelled') this.#enter('processing');
      if (this.statuses.at(-1) !== advanced.to) this.#enter(advanced.to);
    }
    const follow = advanced.effects.map((effect) => this.#take(effect));
    for (const next of follow) next?.();
    return advanced.effects;
  }

  /** Through JSON and back, as a store would do it. */
  restored(): AnyMachineSnapshot {
    const text = JSON.stringify(toStored(this.snapshot));
    return fromStored(this.compiled, JSON.parse(text) as JsonObject);
  }

  #settle(seeds: readonly (readonly [string, Settled])[], atStart: boolean) {
    const settlement = settle(
      this.index,
      this.progress,
      seeds,
      () => null,
      { predicate: (id) => this.#truth(id), derive: (id) => id },
      atStart,
    );
    for (const [id, value] of settlement.settled) this.progress.set(id, value);
    this.settledAsSkipped.push(...settlement.skipped.map(({ step }) => step));
    return settlement;
  }

  #enter(status: RunStatus): void {
    assertLegal(this.statuses.at(-1)!, status);
    this.statuses.push(status);
  }

  /** @returns what follows at once, when all effects of the transition have been taken */
  #take(effect: Effect): (() => void) | null {
    this.effects.push(effect);
    switch (effect.type) {
      case 'attempt':
      case 'child':
      case 'map':
        this.#running.add(effect.step);
        return null;
      case 'emit':
        return () => this.#answer(effect.step, { type: `${effect.step}.completed` });
      case 'await':
        this.#waits.add(effect.step);
        return null;
      case 'review':
        this.#reviews.add(effect.step);
        return null;
      case 'decide':
        return () => this.#decideByPolicy(effect.step);
      case 'timer':
        this.#timers.add(`${effect.step}.${effect.name}`);
        return null;
      case 'withdraw':
        this.#withdraw(effect.step, effect.name);
        return null;
      case 'abandon':
        this.#running.delete(effect.step);
        return null;
      case 'skip':
        this.skipped.push(effect.step);
        return null;
      case 'undo':
        this.#undo = effect.position;
        return null;
      default:
        return null;
    }
  }

  #withdraw(step: string, name: string | undefined): void {
    if (name === undefined) this.#waits.delete(step);
    if (name === undefined || name === 'review') this.#reviews.delete(step);
    for (const timer of this.#timers)
      if (timer.startsWith(`${step}.${name ?? ''}`)) this.#timers.delete(timer);
  }

  #decideByPolicy(step: string): void {
    const event: ChartEvent = { type: `${step}.decided_by_policy`, outcome: 'approved' };
    if (step === 'completion') this.send(event);
    else this.#answer(step, event, { outcome: 'approved' });
  }

  /** What an effect answers at once may come too late: another branch has stopped the run in the same transition. */
  #answer(step: string, event: ChartEvent, value: unknown = null): void {
    const { facts } = this.#settle([[step, { status: 'complete', value }]], false);
    this.tries({ ...event, facts });
  }
}

export function failed(
  step: string,
  { retryable = false, code }: { readonly retryable?: boolean; readonly code?: string } = {},
): ChartEvent {
  const failure = {
    step,
    name: 'Error',
    message: 'boom',
    retryable,
    ...(code === undefined ? {} : { code }),
  };
  return { type: `${step}.failed`, failure };
}

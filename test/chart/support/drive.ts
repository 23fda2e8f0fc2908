import { expect } from 'vitest';
import { anybody, ChartRun, failed } from './chart-run.ts';
import { oracle, planOf, type Scenario, type Script } from './scenarios.ts';

/** A run of the scenario to its end, compared with the oracle after each event. */
export function drive(scenario: Scenario, watch: (run: ChartRun) => void = () => {}): ChartRun {
  const driven = new Driven(scenario);
  driven.run.start();
  for (let turn = 0; !driven.run.isOver; turn += 1) {
    driven.compare();
    watch(driven.run);
    driven.turn(turn);
    if (turn > 1_000) throw new Error('The run does not end');
  }
  watch(driven.run);
  driven.compareEnd();
  return driven.run;
}

/** Lets happen what the scenario says, and keeps its own account of it. */
class Driven {
  readonly run: ChartRun;
  readonly #scenario: Scenario;
  readonly #completed = new Map<number, 'complete'>();
  readonly #attempts = new Map<number, number>();
  readonly #inFallback = new Set<number>();
  readonly #undoAttempts = new Map<number, number>();
  readonly #undone: number[] = [];
  #undoable = 0;
  #end: { readonly as: 'failed' | 'cancelled'; readonly step: string } | null = null;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.run = new ChartRun(planOf(scenario), (predicate) => this.#script(predicate).truth);
    this.run.onAdvance = (_event, _before, after) => {
      for (const effect of after.effects) {
        if (effect.type === 'attempt' && effect.fallback)
          this.#inFallback.add(numberOf(effect.step));
        if (effect.type === 'undo' && !this.#undone.includes(effect.position))
          this.#undone.push(effect.position);
        const isOwnAnswer = effect.type === 'emit' || effect.type === 'decide';
        if (isOwnAnswer && effect.step !== 'completion') this.#settled(effect.step);
      }
      // A step that fails the run has no effect of its own; the chart says which it was.
      const { failure } = after.snapshot.context as ChartRun['context'];
      if (failure !== null && this.#script(failure.step)?.kind === 'fail')
        this.#stop('failed', failure.step);
    };
  }

  turn(turn: number): void {
    const { run } = this;
    const { cancelAfter, choices } = this.#scenario;
    if (cancelAfter === turn && (run.status === 'processing' || run.status === 'waiting_review')) {
      this.#stop('cancelled', 'run');
      run.send({ type: 'run.cancelled', mode: 'drain' });
      return;
    }
    const { running, timers, reviews, waits, undo } = run.asked;
    const possible = [
      ...[...running].map((step) => () => this.#endAttempt(step)),
      ...[...timers].map((timer) => () => this.#fire(timer)),
      ...[...waits].map((step) => () => this.#endWait(step)),
      ...[...reviews].map((step) => () => this.#endReview(step)),
      ...(undo === null ? [] : [() => this.#endUndo(undo)]),
    ];
    if (possible.length === 0) throw new Error(`Stuck in ${JSON.stringify(run.snapshot.value)}`);
    possible[choices[turn % choices.length]! % possible.length]!();
  }

  /** Exactly the steps are under way, and exactly those skipped, that the oracle says. */
  compare(): void {
    const { run } = this;
    if (run.status !== 'processing' || run.isDraining) return;
    const expected = oracle(this.#scenario, this.#completed);
    const { running, timers, reviews, waits } = run.asked;
    const skipped = [...expected.settled.keys()].filter((step) => !this.#completed.has(step));
    expect(sorted([...running, ...timers, ...reviews, ...waits].map(numberOf))).toEqual(
      sorted(expected.underWay),
    );
    expect(sorted(run.skipped.map(numberOf))).toEqual(sorted(skipped));
    expect(sorted(run.settledAsSkipped.map(numberOf))).toEqual(sorted(skipped));
  }

  compareEnd(): void {
    const { run } = this;
    const { onFailure, scripts } = this.#scenario;
    const isUndone =
      this.#end !== null && (onFailure === 'compensate' || this.#end.as === 'cancelled');
    const undoCount = isUndone ? this.#undoable : 0;
    expect(run.status).toBe(this.#end?.as ?? 'complete');
    const { failure } = run.context;
    expect(failure?.step ?? null).toBe(this.#end?.as === 'failed' ? this.#end.step : null);
    // Position 0 is the newest completion.
    expect(this.#undone).toEqual(Array.from({ length: undoCount }, (_, position) => position));
    expect(run.statuses.includes('compensating')).toBe(undoCount > 0);
    if (this.#end === null)
      expect(oracle(this.#scenario, this.#completed).settled.size).toBe(scripts.length);
  }

  #endAttempt(step: string): void {
    const given = this.#script(step);
    const isFallback = this.#inFallback.has(numberOf(step));
    const made = (this.#attempts.get(numberOf(step)) ?? 0) + 1;
    this.#attempts.set(numberOf(step), made);
    const isTransient = given.kind === 'task' && !isFallback && made <= given.transientFailures;
    const ending = isFallback ? given.fallbackEnding : given.ending;
    this.run.ended(step);
    if (!isTransient && ending === 'ok') {
      if (given.isUndoable) this.#undoable += 1;
      this.#settled(step);
      this.run.complete(step, { undo: given.isUndoable ? 1 : 0 });
    } else this.#failAttempt(step, given, isTransient, isFallback, made);
  }

  #failAttempt(
    step: string,
    given: Script,
    isTransient: boolean,
    isFallback: boolean,
    made: number,
  ): void {
    const isTask = given.kind === 'task';
    const goesOn =
      (isTransient && made < given.maxAttempts) || (isTask && given.hasFallback && !isFallback);
    const isTolerated = given.isTolerant && (isTask || given.kind === 'child');
    const event = failed(step, { retryable: isTransient });
    if (this.#end === null && goesOn) this.run.send(event);
    else if (this.#end === null && isTolerated) {
      this.#settled(step);
      this.run.settle(step, event);
    } else {
      this.#stop('failed', step);
      // Items of a failed map may have completed.
      const isUndoable = given.kind === 'map' && given.isUndoable;
      if (isUndoable) this.#undoable += 1;
      this.run.send({ ...event, undo: isUndoable ? 1 : 0 });
    }
  }

  #endWait(step: string): void {
    if (this.#script(step).ending === 'ok') {
      this.#settled(step);
      this.run.settle(step, { type: `${step}.received` });
    } else {
      this.#stop('failed', step);
      this.run.send({ type: `${step}.timed_out` });
    }
  }

  #endReview(step: string): void {
    const isClosing = step === 'completion';
    const isApproved = isClosing
      ? this.#scenario.closing === 'approved'
      : this.#script(step).ending === 'ok';
    if (!isApproved) {
      this.#stop('failed', step);
      this.run.send({ type: `${step}.decided`, outcome: 'rejected', decider: anybody });
    } else {
      if (!isClosing) this.#settled(step);
      this.run.decide(step, 'approved');
    }
  }

  #endUndo(position: number): void {
    const given = this.#scenario.scripts[position % this.#scenario.scripts.length]!;
    const made = (this.#undoAttempts.get(position) ?? 0) + 1;
    this.#undoAttempts.set(position, made);
    if (made <= given.undoFailures) this.run.undone({ failed: true, retryable: true });
    else this.run.undone({ failed: given.undoEnding === 'fails' });
  }

  #fire(timer: string): void {
    if (timer.endsWith('.fired')) this.#settled(timer);
    this.run.fire(timer);
  }

  #settled(step: string): void {
    this.#completed.set(numberOf(step), 'complete');
  }

  /** The first reason to stop is the one that counts. */
  #stop(as: 'failed' | 'cancelled', step: string): void {
    this.#end ??= { as, step };
  }

  #script(name: string): Script {
    return this.#scenario.scripts[numberOf(name)]!;
  }
}

function sorted(steps: Iterable<number>): number[] {
  return [...new Set(steps)].sort((a, b) => a - b);
}

/** `s3`, `?s3` and `s3.retry_due` are all about step 3. */
function numberOf(name: string): number {
  const [, digits] = /^\??s(\d+)/.exec(name) ?? [];
  return Number(digits ?? Number.NaN);
}

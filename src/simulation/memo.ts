/** Runs by chance pass the same few states again and again: what an event leads to from there is worked out once. */
import type { AnyMachineSnapshot } from 'xstate';
import { advance, type CompiledChart } from '../chart/advance.ts';
import type { Advance, ChartEvent } from '../chart/events.ts';

export type Step = (snapshot: AnyMachineSnapshot, event: ChartEvent) => Advance | null;

const maxSteps = 20_000;

export function memoised(compiled: CompiledChart): Step {
  const known = new WeakMap<AnyMachineSnapshot, Map<string, Advance | null>>();
  let count = 0;
  return (snapshot, event) => {
    const steps = known.get(snapshot) ?? new Map<string, Advance | null>();
    const key = keyOf(event);
    const found = steps.get(key);
    if (found !== undefined) return found;
    const advanced = advance(compiled, snapshot, event);
    if (count < maxSteps) {
      known.set(snapshot, steps.set(key, advanced));
      count += 1;
    }
    return advanced;
  };
}

/** Failures and deciders of a simulation differ by step alone, and their step is that of the event. */
function keyOf({ type, outcome, undo, facts, failure, mode, maxAttempts }: ChartEvent): string {
  const said = facts === undefined ? '' : JSON.stringify(facts);
  return `${type} ${outcome ?? ''} ${undo ?? ''} ${failure?.retryable ?? ''} ${mode ?? ''} ${maxAttempts ?? ''} ${said}`;
}

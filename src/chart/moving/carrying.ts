/** Whether a step that is under way can be taken along as it is: whoever waits for it goes on waiting. */
import type { StepNode } from '../../plan/plan.ts';
import { canonicalText, withRenamedReferences } from '../../plan/renaming.ts';
import type { Chart } from '../chart.ts';
import { hasState } from './places.ts';

export interface UnderWay {
  readonly from: StepNode;
  readonly to: StepNode;
  /** State of the step in its own chart. */
  readonly state: string;
  readonly names: ReadonlyMap<string, string>;
}

/** `null` if it can; the reason otherwise. */
export function obstacleTo({ from, to, state, names }: UnderWay, chart: Chart): string | null {
  if (from.kind !== to.kind) return `it was a ${from.kind} and is a ${to.kind}`;
  if (!hasState(chart, to.id, state)) return `the new version has no state "${state}" for it`;
  const isRenamed = from.id !== to.id;
  const same = (a: unknown, b: unknown) =>
    canonicalText(withRenamedReferences(a, names)) === canonicalText(b);
  switch (from.kind) {
    case 'task':
      // Its idempotency key is made of its name: another name, and what has happened already could happen twice.
      if (isRenamed) return 'attempts of it were made under its old name';
      if (to.kind === 'task' && from.call.task !== to.call.task)
        return `attempts of it were made by task "${from.call.task}"`;
      return to.kind === 'task' && from.fallback?.task !== to.fallback?.task
        ? 'it has another fallback'
        : null;
    case 'child':
      if (isRenamed) return 'its child run answers under its old name';
      return to.kind === 'child' && from.workflow === to.workflow && from.version === to.version
        ? null
        : 'its child run is of another workflow, or of another version of it';
    case 'wait':
      return to.kind === 'wait' && from.event === to.event && same(from.where, to.where)
        ? null
        : 'it waits for another event, or for one that fits otherwise';
    default:
      return null;
  }
}

/** Why what a step is in the middle of must not be given up; `null` if nothing is lost by it. */
export function costOfGivingUp(from: StepNode, state: string): string | null {
  if (from.kind === 'task')
    return state === 'in_doubt' || state === 'fallback_in_doubt'
      ? 'nobody has said yet whether it took effect'
      : 'attempts of it were made, and one may have taken effect';
  return from.kind === 'child' ? 'its child run is under way' : null;
}

/** Why a completed step could not be undone in the new version; `null` if it could. */
export function obstacleToUndoing(
  from: StepNode,
  to: StepNode | null,
  isFallback: boolean,
  names: ReadonlyMap<string, string>,
): string | null {
  if (to === null || to.kind !== from.kind) return 'the new version does not have it';
  if (from.kind === 'map' && from.id !== to.id) return 'its items are kept under its old name';
  if (from.kind === 'map' && to.kind === 'map') {
    const parts = (step: typeof from) => [step.items, step.body];
    const isSame =
      canonicalText(withRenamedReferences(parts(from), names)) === canonicalText(parts(to));
    return isSame ? null : 'what it does with an item has changed';
  }
  if (from.kind !== 'task' || to.kind !== 'task') return null;
  const [old, now] = isFallback ? [from.fallback, to.fallback] : [from.call, to.call];
  if (old?.task !== now?.task) return 'another task does it now';
  if (old?.compensate !== now?.compensate) return 'whether and how it is undone has changed';
  const isSame =
    canonicalText(withRenamedReferences(from.input, names)) === canonicalText(to.input);
  return isSame ? null : 'its input is put together in another way';
}

/**
 * What is recorded of a run, fed through a chart from the beginning: where the run would stand had it gone through this chart. Nothing is
 * dispatched; what has no record is left asked for.
 */
import type { AnyMachineSnapshot } from 'xstate';
import { type Evaluate, type PlanIndex, type Settled, settle } from '../../plan/settle.ts';
import { advance, type CompiledChart, contextOf } from '../advance.ts';
import { holdsIn } from '../conditions.ts';
import type { ChartEvent, Effect } from '../events.ts';

/** How a step was settled. */
export interface Outcome {
  /** Without facts: these are worked out again. */
  readonly event: ChartEvent;
  readonly value: unknown;
}

export interface Replayed {
  readonly snapshot: AnyMachineSnapshot;
  readonly progress: ReadonlyMap<string, Settled>;
  readonly facts: ReadonlyMap<string, boolean | string>;
  readonly derived: ReadonlyMap<string, unknown>;
  readonly milestones: readonly string[];
  readonly skipped: readonly string[];
  /** Effects nobody has answered or withdrawn, in order. */
  readonly asked: readonly Effect[];
  /** Steps whose outcome was asked for. */
  readonly used: ReadonlySet<string>;
}

export type Replay =
  | { readonly ok: true; readonly run: Replayed }
  /** The record leads nowhere in this chart: at that step or node, and why. */
  | { readonly ok: false; readonly at: string; readonly why: string };

const entries: ReadonlySet<string> = new Set([
  'attempt',
  'child',
  'map',
  'emit',
  'await',
  'review',
]);

/**
 * @param outcomes - by step
 * @param source - values of `$input`, `$run` and `$context`
 */
export function replay(
  compiled: CompiledChart,
  index: PlanIndex,
  outcomes: ReadonlyMap<string, Outcome>,
  source: (of: string) => unknown,
  evaluate: Evaluate,
): Replay {
  const progress = new Map<string, Settled>();
  const facts = new Map<string, boolean | string>();
  const derived = new Map<string, unknown>();
  const milestones: string[] = [];
  const skipped: string[] = [];
  const used = new Set<string>();
  let asked: Effect[] = [];
  let snapshot = compiled.initial;

  const queue: Step[] = [{ step: null, event: { type: 'run.started' }, outcome: null }];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { step, event, outcome } = next;
    const seeds =
      step === null || outcome === null
        ? []
        : [[step, { status: 'complete', value: outcome.value }] as const];
    const settlement = settle(index, progress, seeds, source, evaluate, step === null);
    if (settlement.fault !== null)
      return { ok: false, at: settlement.fault.node, why: messageOf(settlement.fault.error) };
    const hasFacts = Object.keys(settlement.facts).length > 0;
    const advanced = advance(compiled, snapshot, {
      ...event,
      ...(hasFacts ? { facts: settlement.facts } : {}),
    });
    if (advanced === null)
      return { ok: false, at: step ?? 'run', why: `it does not accept "${event.type}" there` };
    snapshot = advanced.snapshot;
    for (const [id, value] of settlement.settled) progress.set(id, value);
    for (const [id, fact] of Object.entries(settlement.facts)) facts.set(id, fact);
    for (const [id, value] of settlement.derived) derived.set(id, value);
    milestones.push(...settlement.milestones);
    const follow: Step[] = [];
    for (const effect of advanced.effects) {
      if (effect.type === 'withdraw') asked = asked.filter((other) => !withdraws(effect, other));
      else if (effect.type === 'skip') skipped.push(effect.step);
      else if (effect.type === 'stop')
        return { ok: false, at: step ?? 'run', why: `"${event.type}" would end the run` };
      else {
        const answer = answerTo(effect, outcomes, index, snapshot);
        if (answer === null) asked.push(effect);
        else follow.push(answer);
        if (answer?.step != null && answer.outcome !== null) used.add(answer.step);
      }
    }
    queue.unshift(...follow);
  }
  return {
    ok: true,
    run: { snapshot, progress, facts, derived, milestones, skipped, asked, used },
  };
}

/** `outcome`: the event settles the step by it. */
interface Step {
  readonly step: string | null;
  readonly event: ChartEvent;
  readonly outcome: Outcome | null;
}

function answerTo(
  effect: Effect,
  outcomes: ReadonlyMap<string, Outcome>,
  index: PlanIndex,
  snapshot: AnyMachineSnapshot,
): Step | null {
  if (!('step' in effect)) return null;
  const { step } = effect;
  const outcome = outcomes.get(step);
  if (outcome === undefined) return null;
  const node = index.nodes.get(step);
  if (effect.type === 'decide') {
    // The policy that is asked first approves, or hands over to the person whose decision is recorded.
    const approve = node?.kind === 'review' ? node.approve : null;
    const holds = approve?.by !== 'guard' || holdsIn(approve.condition, contextOf(snapshot).facts);
    const event = { type: `${step}.decided_by_policy` };
    return { step, event, outcome: holds ? outcome : null };
  }
  // Where a fallback stands in, the failure of the task itself settles nothing yet.
  const hasFallback = node?.kind === 'task' && node.fallback !== undefined;
  if (effect.type === 'attempt' && !effect.fallback && hasFallback && isFailure(outcome.event))
    return { step, event: outcome.event, outcome: null };
  const isAsked = effect.type === 'timer' ? effect.name === 'fired' : entries.has(effect.type);
  return isAsked ? { step, event: outcome.event, outcome } : null;
}

function isFailure({ type }: ChartEvent): boolean {
  return type.endsWith('.failed');
}

function withdraws(by: Extract<Effect, { type: 'withdraw' }>, effect: Effect): boolean {
  if (!('step' in effect) || effect.step !== by.step) return false;
  if (effect.type === 'attempt' || effect.type === 'child' || effect.type === 'map') return false;
  return by.name === undefined || by.name === (effect.type === 'timer' ? effect.name : effect.type);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

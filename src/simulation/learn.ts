/** From what has happened to what a simulation assumes: durations as observed, rates as counted. */
import type { Model, StepModel } from './model.ts';

/** Counts over stored runs. Durations in milliseconds. */
export interface Observations {
  readonly attempts: Map<
    string,
    { readonly durations: number[]; ok: number; passing: number; fatal: number }
  >;
  /** A review that expired counts with a delay beyond its limit. */
  readonly reviews: Map<string, { readonly delays: number[]; approved: number; rejected: number }>;
  readonly events: Map<string, { readonly delays: number[]; missed: number }>;
  /** By label of the condition. */
  readonly conditions: Map<string, { yes: number; no: number }>;
  readonly choices: Map<string, Map<string, number>>;
  /** How long maps and children took. */
  readonly others: Map<string, number[]>;
  readonly startsMs: number[];
}

export function noObservations(): Observations {
  return {
    attempts: new Map(),
    reviews: new Map(),
    events: new Map(),
    conditions: new Map(),
    choices: new Map(),
    others: new Map(),
    startsMs: [],
  };
}

/** Fewer starts say nothing of how often runs come. */
const fewestStarts = 10;

/** @returns nothing of what was never observed */
export function modelFrom(seen: Observations): Model {
  const steps: Record<string, StepModel> = {};
  for (const [step, { durations, ok, passing, fatal }] of seen.attempts) {
    const all = Math.max(1, ok + passing + fatal);
    steps[step] = {
      ...(durations.length === 0 ? {} : { duration: empirical(durations) }),
      failureRate: passing / all,
      fatalRate: fatal / all,
    };
  }
  for (const [step, durations] of seen.others) steps[step] = { duration: empirical(durations) };
  const starts = [...seen.startsMs].sort((a, b) => a - b);
  const overMs = (starts.at(-1) ?? 0) - (starts[0] ?? 0);
  return {
    steps,
    reviews: mapped(seen.reviews, ({ delays, approved, rejected }) => ({
      ...(delays.length === 0 ? {} : { delay: empirical(delays) }),
      ...(approved + rejected === 0 ? {} : { approvalRate: approved / (approved + rejected) }),
    })),
    events: mapped(seen.events, ({ delays, missed }) => ({
      ...(delays.length === 0 ? {} : { delay: empirical(delays) }),
      rate: delays.length / Math.max(1, delays.length + missed),
    })),
    conditions: mapped(seen.conditions, ({ yes, no }) => yes / Math.max(1, yes + no)),
    choices: mapped(seen.choices, (cases) => Object.fromEntries(cases)),
    ...(starts.length < fewestStarts || overMs === 0
      ? {}
      : { arrivals: { kind: 'exponential', mean: overMs / (starts.length - 1) } }),
  };
}

function mapped<T, R>(from: ReadonlyMap<string, T>, to: (value: T) => R): { [name: string]: R } {
  return Object.fromEntries([...from].map(([name, value]) => [name, to(value)]));
}

const maxValues = 10_000;

function empirical(values: readonly number[]) {
  const every = Math.ceil(values.length / maxValues);
  return { kind: 'empirical' as const, values: values.filter((_, index) => index % every === 0) };
}

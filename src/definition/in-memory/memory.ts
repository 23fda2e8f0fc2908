/** What a machine in memory knows beside the chart's own context: plain JSON, so that its persisted snapshot is plain JSON as well. */
import type { ChartContext } from '../../chart/context.ts';
import type { ChartEvent, Decider, FailureSummary } from '../../chart/events.ts';
import { restoreOutput } from '../../evaluation.ts';
import type { Json, JsonObject } from '../../plan/json.ts';
import type { Plan } from '../../plan/plan.ts';
import { type Facts, type PlanIndex, type Settled, settle } from '../../plan/settle.ts';
import type { Bindings, RunInfo } from '../../ports/bindings.ts';
import type { RunFailure } from '../types.ts';

/** A workflow, taken apart. */
export interface Parts {
  readonly plan: Plan;
  readonly bindings: Bindings;
  readonly index: PlanIndex;
  /** Facts that some guard of the chart reads. */
  readonly keep: ReadonlySet<string>;
}

export type Outcome =
  | { readonly status: 'complete'; readonly output: Json; readonly fallback: boolean }
  | { readonly status: 'skipped'; readonly reason: string };

/** Something that can, or should, be undone. */
export interface Done {
  readonly step: string;
  readonly output: Json;
  readonly fallback: boolean;
  /** Of a child: what it has done, oldest first. */
  readonly child?: Memory;
  /** Of a map: its items that completed some task, in order of completion. */
  readonly items?: readonly DoneItem[];
}

export interface DoneItem {
  readonly index: number;
  readonly item: Json;
  /** Output of each task of the body, by node. */
  readonly results: { readonly [node: string]: Json };
}

export interface Memory {
  readonly input: Json;
  readonly isStarted: boolean;
  readonly steps: { readonly [step: string]: Outcome };
  readonly facts: Facts;
  readonly derived: { readonly [node: string]: Json };
  /** The declared run context. */
  readonly data: JsonObject;
  readonly milestones: readonly string[];
  /** In order of completion. */
  readonly done: readonly Done[];
  /** The events that settled steps; a retry that keeps results is fed with them. */
  readonly events: { readonly [step: string]: MachineEvent };
  readonly recalled: { readonly [step: string]: MachineEvent };
  /** Raised by a retry after everything has been undone: effects of the new start have keys of their own. */
  readonly generation: number;
  readonly fault: FailureSummary | null;
  /** Of open reviews: who has approved, who has rejected, and the levels they were escalated by. Absent until there is something. */
  readonly votes?: { readonly [step: string]: readonly Voter[] };
  readonly objections?: { readonly [step: string]: readonly string[] };
  readonly escalations?: { readonly [step: string]: readonly number[] };
}

export interface Voter {
  readonly actor: string;
  readonly groups: readonly string[];
}

export interface MachineContext extends ChartContext {
  readonly memory: Memory;
}

/** What the machine receives: the chart's events, with what the engine would read from history and requests. */
export interface MachineEvent extends Omit<ChartEvent, 'decider'> {
  readonly decider?: Pick<Decider, 'actor'> & Partial<Decider>;
  /** Stored form; with `happened` as the person gives it. */
  readonly output?: Json;
  readonly form?: unknown;
  readonly payload?: unknown;
  readonly comment?: string;
  readonly fallback?: boolean;
  /** Attempts the step has made. */
  readonly attempts?: number;
  readonly detail?: Json;
  readonly retryAfterMs?: number;
  readonly child?: Memory;
  /** Of a child that failed. */
  readonly compensation?: RunFailure<never>['compensation'];
  readonly items?: readonly DoneItem[];
  /** Comes from the record of an earlier pass; `output` is what the step yields. */
  readonly isRecalled?: boolean;
}

export function emptyMemory(plan: Plan, given: Partial<Memory> & Pick<Memory, 'input'>): Memory {
  return {
    isStarted: false,
    steps: {},
    facts: {},
    derived: {},
    data: Object.fromEntries(
      Object.entries(plan.context).map(([key, declared]) => [key, declared.initial]),
    ),
    milestones: [],
    done: [],
    events: {},
    recalled: {},
    generation: 1,
    fault: null,
    ...given,
  };
}

/** `diagnosis` of `diagnosis.completed`. */
export function stepOf(type: string): string {
  return type.slice(0, type.lastIndexOf('.'));
}

/** `completed` of `diagnosis.completed`. */
export function verbOf(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1);
}

export function own<T>(record: { readonly [key: string]: T }, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

const known = new WeakMap<Memory, ReadonlyMap<string, Settled>>();

/** Settled nodes with the values their consumers see; the author's functions are not asked again. */
export function progressOf(parts: Parts, memory: Memory): ReadonlyMap<string, Settled> {
  const found = known.get(memory);
  if (found !== undefined) return found;
  const seeds = Object.entries(memory.steps).map(
    ([step, outcome]) => [step, settledAs(parts, step, outcome)] as const,
  );
  const recorded = {
    predicate: (id: string) => own(memory.facts, id) === true,
    derive: (id: string) => own(memory.derived, id),
  };
  const source = sourceOf(parts, memory);
  const { settled } = settle(parts.index, new Map(), seeds, source, recorded, memory.isStarted);
  return rememberProgress(memory, new Map(settled));
}

export function rememberProgress(
  memory: Memory,
  progress: ReadonlyMap<string, Settled>,
): ReadonlyMap<string, Settled> {
  known.set(memory, progress);
  return progress;
}

export function settledAs({ index, bindings }: Parts, step: string, outcome: Outcome): Settled {
  if (outcome.status === 'skipped') return outcome;
  const node = index.nodes.get(step);
  const isEmpty = node === undefined || node.kind === 'sleep' || node.kind === 'emit';
  const value = isEmpty
    ? undefined
    : restoreOutput(node, bindings, outcome.output, outcome.fallback);
  return { status: 'complete', value };
}

/** Values of the references that are not nodes. */
export function sourceOf(parts: Parts, memory: Memory): (of: string) => unknown {
  return (of) => {
    if (of === '$input') return parts.bindings.input.restore(memory.input);
    if (of === '$context') return memory.data;
    if (of === '$run') return runInfo(parts);
    return undefined;
  };
}

/** Reads settled nodes and sources for a wiring. */
export function readerOf(parts: Parts, memory: Memory): (of: string) => unknown {
  const source = sourceOf(parts, memory);
  return (of) => {
    if (of.startsWith('$')) return source(of);
    const settled = progressOf(parts, memory).get(of);
    return settled?.status === 'complete' ? settled.value : undefined;
  };
}

/** In memory nobody counts runs and nothing reads the clock. */
export function runInfo({ plan }: Pick<Parts, 'plan'>): RunInfo {
  return { runId: 'in-memory', workflow: plan.name, version: plan.version, startedAtMs: 0 };
}

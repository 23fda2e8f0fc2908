/** One run, two versions and a mapping: what the parts of a judgement work on together. */
import type { Json } from '../../plan/json.ts';
import { isStep, type StepNode } from '../../plan/plan.ts';
import type { PlanIndex } from '../../plan/settle.ts';
import type { CompiledChart } from '../advance.ts';
import type { EventsOfBoth } from './fitting.ts';
import type { Mapping } from './mapping.ts';
import type { Outcome } from './replay.ts';
import type { Code, StandingRun } from './run.ts';

/** One version of a workflow, ready to be walked through. */
export interface Version {
  readonly compiled: CompiledChart;
  readonly index: PlanIndex;
}

export interface Reason {
  /** Step it is about, in the old version where that has it; `null`: the run as a whole. */
  readonly step: string | null;
  readonly text: string;
  /** What a mapping could say about it: nothing (`null`), that a step may begin, what it gives, or what became of it. */
  readonly remedy: 'perform' | 'results' | 'steps' | 'context' | null;
}

export interface GivenResult {
  readonly step: string;
  readonly event: string;
  readonly output: Json;
}

/** Filled in the order in which a judgement looks at things. */
export interface Case {
  readonly before: Version;
  readonly after: Version;
  readonly run: StandingRun;
  readonly mapping: Mapping;
  readonly code: Code | null;
  readonly events: EventsOfBoth;
  /** Why the run does not move. */
  readonly reasons: Reason[];
  /** Old to new names of the steps both versions have. */
  readonly names: ReadonlyMap<string, string>;
  /** By new name. */
  readonly outcomes: Map<string, Outcome>;
  /** Old names of the outcomes by new ones, and how many undo entries each added. */
  readonly recorded: Map<string, { readonly from: string; readonly undo: number }>;
  /** Results in their stored form, by new name. */
  readonly stored: Map<string, Json>;
  readonly given: GivenResult[];
  readonly dropped: string[];
}

export function openCase(
  before: Version,
  after: Version,
  run: StandingRun,
  mapping: Mapping,
  code: Code | null,
): Case {
  const names = new Map<string, string>();
  for (const node of before.index.plan.nodes) {
    const given = own(mapping.steps, node.id);
    const name = given === undefined ? node.id : given;
    if (isStep(node) && name !== null && after.index.nodes.has(name)) names.set(node.id, name);
  }
  return {
    before,
    after,
    run,
    mapping,
    code,
    events: { before: before.index.plan.events, after: after.index.plan.events },
    reasons: [],
    names,
    outcomes: new Map(),
    recorded: new Map(),
    stored: new Map(),
    given: [],
    dropped: [],
  };
}

export function refuse(
  c: Case,
  step: string | null,
  text: string,
  remedy: Reason['remedy'] = null,
): void {
  c.reasons.push({ step, text, remedy });
}

export function newNode(c: Case, name: string | null | undefined): StepNode | null {
  const node = name == null ? undefined : c.after.index.nodes.get(name);
  return node !== undefined && isStep(node) ? node : null;
}

export function oldNode(c: Case, name: string): StepNode | null {
  const node = c.before.index.nodes.get(name);
  return node !== undefined && isStep(node) ? node : null;
}

export function own<T>(
  record: { readonly [key: string]: T } | undefined,
  key: string,
): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

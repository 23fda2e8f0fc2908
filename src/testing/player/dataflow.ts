/** Values on a path before anything runs: the same settling as the engine's, with the real functions of the definition. */
import { evaluateMapper, evaluatePredicate, updateContext } from '../../evaluation.ts';
import { parseDuration } from '../../plan/duration.ts';
import type { JsonObject } from '../../plan/json.ts';
import { indexPlan, type PlanIndex, type Settled, settle } from '../../plan/settle.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { Bindings, RunnableWorkflow } from '../../ports/bindings.ts';
import type { PathStep } from '../../proof/paths/paths.ts';

/** What follows from one more value, not yet accepted. */
export interface Trial {
  readonly settled: readonly (readonly [string, Settled])[];
  readonly data: JsonObject;
}

/** Stands for the id of the run, which nobody knows before it is played. */
export const ownRunId = 'id of the run on the path';

type Seeds = readonly (readonly [id: string, value: unknown])[];

export class Dataflow {
  readonly index: PlanIndex;
  readonly bindings: Bindings;
  #progress = new Map<string, Settled>();
  #data: JsonObject = {};
  #input: unknown;

  constructor({ plan, bindings }: RunnableWorkflow) {
    this.index = indexPlan(plan);
    this.bindings = bindings;
    this.clear();
  }

  /** Nothing has settled yet; the input stays. */
  clear(): void {
    const { context } = this.index.plan;
    this.#progress = new Map();
    this.#data = Object.fromEntries(
      Object.entries(context).map(([key, declared]) => [key, declared.initial]),
    );
  }

  setInput(input: unknown): void {
    this.#input = input;
  }

  has(id: string): boolean {
    return this.#progress.has(id);
  }

  read = (of: string): unknown => {
    const { plan } = this.index;
    if (of === '$input') return this.#input;
    if (of === '$context') return this.#data;
    if (of === '$run')
      return { runId: ownRunId, workflow: plan.name, version: plan.version, startedAtMs: 0 };
    return valueOf(this.#progress.get(of));
  };

  /**
   * @param wanted - what conditions and choices must say; others may say anything
   * @returns `null` if they say something else, or a function throws
   */
  try(seeds: Seeds, wanted: PathStep['facts'], atStart = false): Trial | null {
    const values = seeds.map(
      ([id, value]) => [id, { status: 'complete', value } as const] as const,
    );
    const { settled, facts, fault, updates } = settle(
      this.index,
      this.#progress,
      values,
      this.read,
      {
        predicate: (id, value) => evaluatePredicate(this.bindings, id, value),
        derive: (id, value) => evaluateMapper(this.bindings, id, value),
      },
      atStart,
    );
    if (fault !== null) return null;
    for (const [id, fact] of Object.entries(facts))
      if (wanted[id] !== undefined && wanted[id] !== fact) return null;
    if (!this.#isUsable(new Map(settled), atStart)) return null;
    const updated = updateContext(this.index.plan, this.bindings, this.#data, updates);
    return updated.fault === null ? { settled, data: updated.data } : null;
  }

  accept({ settled, data }: Trial): void {
    for (const [id, value] of settled) this.#progress.set(id, value);
    this.#data = data;
  }

  /** A map over an empty list ends before anybody could look, and what is no duration fails the run: neither is what a path means. */
  #isUsable(fresh: ReadonlyMap<string, Settled>, atStart: boolean): boolean {
    const read = (of: string) => (fresh.has(of) ? valueOf(fresh.get(of)) : this.read(of));
    return this.index.plan.nodes.every((node) => {
      const wiring = node.kind === 'map' ? node.items : node.kind === 'sleep' ? node.for : null;
      if (wiring?.kind !== 'ref') return true;
      if (wiring.of === '$input' ? !atStart : !fresh.has(wiring.of)) return true;
      if (fresh.get(wiring.of)?.status === 'skipped') return true;
      const value = resolveWiring(wiring, read);
      if (node.kind === 'map') return !Array.isArray(value) || value.length > 0;
      return typeof value === 'number' ? value >= 0 : parseDuration(String(value)) !== null;
    });
  }
}

function valueOf(settled: Settled | undefined): unknown {
  return settled?.status === 'complete' ? settled.value : undefined;
}

/**
 * Whether a run can move to another version of its workflow, and where it would stand there. Its record is fed through the new chart: what
 * comes out is a state that chart can be in, with everything the run waits for, or the run does not move. When in doubt it does not.
 */
import type { Json, JsonObject } from '../../plan/json.ts';
import { copyJson } from '../../plan/json-value.ts';
import { isStep, type StepNode } from '../../plan/plan.ts';
import { substanceOf } from '../../plan/renaming.ts';
import type { Evaluate, PlanIndex } from '../../plan/settle.ts';
import { type CompiledChart, contextOf, fromStored, toStored } from '../advance.ts';
import { attemptsOf, type ChartContext } from '../context.ts';
import type { Effect } from '../events.ts';
import { costOfGivingUp, obstacleTo, obstacleToUndoing } from './carrying.ts';
import { type EventsOfBoth, misfitOf, neededSteps, schemaMisfit } from './fitting.ts';
import type { Mapping, ResultsOfRun } from './mapping.ts';
import { closing, hasState, stepsUnderWay, withStates } from './places.ts';
import {
  eventOf,
  eventOfGiven,
  lastRecords,
  recordedAnswers,
  reusableAnswers,
  undoOf,
} from './record.ts';
import { type Outcome, type Replayed, replay } from './replay.ts';
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

/** How a run stands in the new version. */
export interface Move {
  /** The stored part of the snapshot. */
  readonly snapshot: JsonObject;
  readonly data: JsonObject;
  /** Old to new names of all steps that were renamed. */
  readonly names: ReadonlyMap<string, string>;
  /** Steps under way that go on as they are, old to new. */
  readonly carried: ReadonlyMap<string, string>;
  /** Steps under way that are given up, by old name. */
  readonly withdrawn: readonly string[];
  /** Steps whose record the new version has no place for, by old name. */
  readonly dropped: readonly string[];
  readonly given: readonly GivenResult[];
  /** Steps that the new version passes by and the old one did not. */
  readonly skipped: readonly string[];
  /** What the new chart asks for where the run stands; steps carried over are among them. */
  readonly asked: readonly Effect[];
  /** Steps that begin with the move. */
  readonly begins: readonly string[];
  readonly facts: ReadonlyMap<string, boolean | string>;
  readonly derived: ReadonlyMap<string, unknown>;
  readonly milestones: readonly string[];
}

export type Judgement =
  | { readonly verdict: 'moves'; readonly move: Move }
  | {
      /** `busy`: something of it runs now. `ended`: nothing is left to do. */
      readonly verdict: 'needs_mapping' | 'cannot' | 'busy' | 'ended';
      readonly reasons: readonly Reason[];
    };

const works: ReadonlySet<string> = new Set(['attempt', 'map', 'undo', 'notice']);

/** @param code - functions of the new version; `null`: nobody has them here, and what needs them is not decided */
export function judgeMove(
  before: Version,
  after: Version,
  run: StandingRun,
  mapping: Mapping,
  code: Code | null,
): Judgement {
  const state = run.snapshot['value'] ?? null;
  const refused = (verdict: 'busy' | 'ended' | 'cannot', text: string): Judgement => ({
    verdict,
    reasons: [{ step: null, text, remedy: null }],
  });
  if (run.hasEnded) return refused('ended', 'it has ended');
  const working = run.open.find(({ kind }) => works.has(kind));
  if (run.status === 'compensating' || isStopping(state))
    return refused('cannot', 'it is being stopped or undone, and ends on its own version');
  if (working !== undefined)
    return refused(
      'busy',
      `step "${working.step ?? 'undo'}" is at work; it can move once that is done`,
    );
  return new Judge(before, after, run, mapping, code).judge();
}

function isStopping(state: Json): boolean {
  const inside =
    state !== null && typeof state === 'object' ? Reflect.get(state, 'processing') : null;
  return (
    inside === 'draining' || (inside !== null && typeof inside === 'object' && 'draining' in inside)
  );
}

class Judge {
  readonly #before: Version;
  readonly #after: Version;
  readonly #run: StandingRun;
  readonly #mapping: Mapping;
  readonly #code: Code | null;
  readonly #events: EventsOfBoth;
  readonly #reasons: Reason[] = [];
  /** Old to new names of the steps both versions have. */
  readonly #names = new Map<string, string>();
  readonly #outcomes = new Map<string, Outcome>();
  /** Old names of the outcomes by new ones, and how many undo entries each added. */
  readonly #recorded = new Map<string, { readonly from: string; readonly undo: number }>();
  readonly #stored = new Map<string, Json>();
  readonly #given: GivenResult[] = [];
  readonly #dropped: string[] = [];

  constructor(
    before: Version,
    after: Version,
    run: StandingRun,
    mapping: Mapping,
    code: Code | null,
  ) {
    this.#before = before;
    this.#after = after;
    this.#run = run;
    this.#mapping = mapping;
    this.#code = code;
    this.#events = { before: before.index.plan.events, after: after.index.plan.events };
    for (const node of before.index.plan.nodes) {
      const given = own(mapping.steps, node.id);
      const name = given === undefined ? node.id : given;
      if (isStep(node) && name !== null && after.index.nodes.has(name))
        this.#names.set(node.id, name);
    }
  }

  judge(): Judgement {
    const run = this.#run;
    const data = this.#carryContext();
    const { plan } = this.#after.index;
    const input = schemaMisfit(this.#before.index.plan.input, plan.input, run.input);
    if (input !== null) this.#refuse(null, `its input is not one of the new version: ${input}`);
    if (run.status === 'pending')
      return this.#answer(() => ({ ...this.#nothing(data), snapshot: run.snapshot }));
    this.#readRecord();
    this.#readGiven();
    const replayed = this.#replay();
    if (replayed === null) return this.#answer(null);
    this.#checkUse(replayed);
    this.#checkValues(replayed);
    this.#checkUpdates(replayed);
    const standing = this.#compare(replayed);
    return this.#answer(() => this.#moveTo(replayed, standing, data));
  }

  #answer(move: (() => Move) | null): Judgement {
    if (this.#reasons.length === 0 && move !== null) return { verdict: 'moves', move: move() };
    const isHopeless = this.#reasons.some(({ remedy }) => remedy === null);
    return { verdict: isHopeless ? 'cannot' : 'needs_mapping', reasons: this.#reasons };
  }

  #refuse(step: string | null, text: string, remedy: Reason['remedy'] = null): void {
    this.#reasons.push({ step, text, remedy });
  }

  #newNode(name: string | null | undefined): StepNode | null {
    const node = name == null ? undefined : this.#after.index.nodes.get(name);
    return node !== undefined && isStep(node) ? node : null;
  }

  #oldNode(name: string): StepNode | null {
    const node = this.#before.index.nodes.get(name);
    return node !== undefined && isStep(node) ? node : null;
  }

  // --- what is recorded --------------------------------------------------------------------------------------------------------------

  #readRecord(): void {
    for (const [step, entry] of lastRecords(this.#run.entries)) {
      if (entry.settles === 'skipped') continue;
      const from = this.#oldNode(step);
      const name = this.#names.get(step);
      const to = this.#newNode(name);
      const isFallback = entry.data?.['fallback'] === true;
      if (from !== null && undoOf(entry) > 0) {
        const obstacle = obstacleToUndoing(from, to, isFallback, this.#names);
        if (obstacle !== null)
          this.#refuse(step, `it is done and could not be undone any more: ${obstacle}`);
      }
      if (name === undefined || to === null || to.kind !== from?.kind) {
        this.#dropped.push(step);
        continue;
      }
      if (this.#mapping.perform?.includes(name) === true)
        this.#refuse(step, 'it is done already, and is not done again');
      const given = this.#resultFor(name);
      if (given !== undefined && undoOf(entry) > 0)
        this.#refuse(step, 'its result is what undoing it needs, and stays as it is');
      const stored = given === undefined ? (entry.output ?? null) : given;
      if (given !== undefined) this.#give(to, eventOf(entry, name).type, given);
      this.#recorded.set(name, { from: step, undo: undoOf(entry) });
      this.#keep(name, eventOf(entry, name), stored, isFallback);
    }
    for (const step of this.#run.late) {
      if (this.#names.get(step) !== step)
        this.#refuse(step, 'a late success of it is noted under its old name');
    }
  }

  #readGiven(): void {
    for (const name of Object.keys(this.#mapping.results ?? {})) {
      if (this.#outcomes.has(name)) continue;
      const step = this.#newNode(name);
      const event = step === null ? null : eventOfGiven(step);
      const stored = this.#resultFor(name);
      if (step === null || event === null || stored === undefined) {
        this.#refuse(
          name,
          'its result is not for a mapping to give: a review is decided by people',
        );
        continue;
      }
      this.#give(step, event.type, stored);
      this.#keep(name, event, stored, false);
    }
  }

  #give(step: StepNode, event: string, output: Json): void {
    const misfit = misfitOf(null, step, output, false, this.#events);
    if (misfit !== null)
      this.#refuse(step.id, `the result given for it is not one of its own: ${misfit}`, 'results');
    this.#given.push({ step: step.id, event, output });
  }

  #keep(name: string, event: Outcome['event'], stored: Json, isFallback: boolean): void {
    this.#stored.set(name, stored);
    try {
      const value = this.#code === null ? stored : this.#code.restore(name, stored, isFallback);
      this.#outcomes.set(name, { event, value });
    } catch (error) {
      this.#refuse(name, `its recorded result cannot be read: ${messageOf(error)}`, 'results');
      this.#outcomes.set(name, { event, value: stored });
    }
  }

  #resultFor(name: string): Json | undefined {
    const given = own(this.#mapping.results, name);
    if (typeof given !== 'function') return given;
    const made = copyJson(this.#call(`results.${name}`, () => given(this.#results())));
    return made.ok ? made.value : undefined;
  }

  #results(): ResultsOfRun {
    const { runId, input, data, entries } = this.#run;
    const results = [...lastRecords(entries)].flatMap(([step, { output }]) =>
      output === undefined ? [] : [[step, output] as const],
    );
    return { runId, input, context: data, results: Object.fromEntries(results) };
  }

  #call<T>(what: string, make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      this.#refuse(null, `${what} of the mapping failed: ${messageOf(error)}`, 'results');
      return undefined;
    }
  }

  // --- where it would stand ----------------------------------------------------------------------------------------------------------

  #replay(): Replayed | null {
    const run = this.#run;
    const { plan } = this.#after.index;
    const info = {
      runId: run.runId,
      workflow: plan.name,
      version: plan.version,
      startedAtMs: run.startedAtMs,
    };
    const sources: { readonly [of: string]: () => unknown } = {
      $input: () => (this.#code === null ? run.input : this.#code.input(run.input)),
      $context: () => run.data,
      $run: () => info,
    };
    const { compiled, index } = this.#after;
    const read = (of: string) => sources[of]?.();
    const replayed = replay(compiled, index, this.#outcomes, read, this.#evaluate());
    if (replayed.ok) return replayed.run;
    const isReview = this.#newNode(replayed.at)?.kind === 'review';
    const text = `what is recorded leads no further than this in the new version: ${replayed.why}`;
    this.#refuse(replayed.at, text, isReview ? null : 'results');
    return null;
  }

  /** An answer that is recorded is not asked for again, unless the question has changed. */
  #evaluate(): Evaluate {
    const code = this.#code;
    const { facts, derived } = recordedAnswers(this.#run.entries);
    const replaced = new Set(this.#given.map(({ step }) => step));
    const reusable = reusableAnswers(this.#before.index, this.#after.index, this.#names, replaced);
    const undecided = (id: string) =>
      new Error(`"${id}" is new or has changed, and its code is not at hand`);
    return {
      predicate(id, value) {
        const known = facts.get(id);
        if (reusable.has(id) && typeof known === 'boolean') return known;
        if (code === null) throw undecided(id);
        return code.evaluate.predicate(id, value);
      },
      derive(id, value) {
        if (reusable.has(id) && derived.has(id)) return derived.get(id);
        if (code !== null) return code.evaluate.derive(id, value);
        if (reusable.has(id)) return undefined;
        throw undecided(id);
      },
    };
  }

  #checkUse(replayed: Replayed): void {
    for (const [name, { from, undo }] of this.#recorded) {
      if (replayed.used.has(name)) continue;
      const remedy = undo > 0 ? null : 'results';
      this.#refuse(from, 'it is done, and the new version would not have come to it yet', remedy);
    }
    for (const { step } of this.#given) {
      if (!this.#recorded.has(step) && !replayed.used.has(step))
        this.#refuse(
          step,
          'the mapping gives its result, but the run does not come to it',
          'results',
        );
    }
    const undo = [...this.#recorded].reduce(
      (sum, [name, { undo: entries }]) => sum + (replayed.used.has(name) ? entries : 0),
      0,
    );
    if (this.#reasons.length === 0 && contextOf(replayed.snapshot).undoable !== undo)
      this.#refuse(null, 'what would have to be undone is not the same in the new version');
  }

  #checkValues(replayed: Replayed): void {
    const undoable = [...this.#recorded].flatMap(([name, { undo }]) => (undo > 0 ? [name] : []));
    for (const name of neededSteps(this.#after.index, replayed.progress, undoable)) {
      const recorded = this.#recorded.get(name);
      const step = this.#newNode(name);
      if (recorded === undefined || step === null) continue;
      if (this.#given.some((given) => given.step === name)) continue;
      const entry = lastRecords(this.#run.entries).get(recorded.from);
      const isFallback = entry?.data?.['fallback'] === true;
      const stored = this.#stored.get(name) ?? null;
      const misfit = misfitOf(this.#oldNode(recorded.from), step, stored, isFallback, this.#events);
      if (misfit === null) continue;
      const remedy = step.kind === 'review' || recorded.undo > 0 ? null : 'results';
      const text = `its recorded result is not one of the new version: ${misfit}`;
      this.#refuse(recorded.from, text, remedy);
    }
  }

  /** Its context is what it was: what the new version would have added on the way, somebody must say. */
  #checkUpdates(replayed: Replayed): void {
    if (this.#mapping.context !== undefined) return;
    for (const node of this.#after.index.plan.nodes) {
      if (node.kind !== 'update' || replayed.progress.get(node.id)?.status !== 'complete') continue;
      const old = this.#before.index.nodes.get(node.id);
      if (old !== undefined && substanceOf(old, this.#names) === substanceOf(node)) continue;
      const text = `"${node.key}" of its context would have been updated on the way by now`;
      this.#refuse(null, text, 'context');
    }
  }

  #compare(replayed: Replayed): Standing {
    const state = this.#run.snapshot['value'] ?? null;
    const was = stepsUnderWay(this.#before.compiled.chart, state);
    const chart = this.#after.compiled.chart;
    const is = stepsUnderWay(chart, replayed.snapshot.value as Json);
    const carried = new Map<string, string>();
    const states = new Map<string, string>();
    const withdrawn: string[] = [];
    const perform = new Set(this.#mapping.perform);
    for (const [step, at] of was) {
      const name = step === closing ? closing : this.#names.get(step);
      if (name !== undefined && is.has(name) && !perform.has(name)) {
        const obstacle = this.#obstacle(step, name, at);
        if (obstacle === null) {
          carried.set(step, name);
          states.set(name, at);
          continue;
        }
        this.#refuse(
          step,
          `the run waits at it, and it cannot go on as it is: ${obstacle}`,
          'perform',
        );
      } else if (name === undefined && own(this.#mapping.steps, step) !== null)
        this.#refuse(step, 'the run waits at it, and the new version does not have it', 'steps');
      else if (name !== undefined && !is.has(name) && !this.#isExplained(name, replayed))
        this.#refuse(step, 'the run waits at it, and the new version would have passed it by');
      this.#giveUp(step, at, withdrawn);
    }
    const begins = [...is.keys()].filter((name) => ![...carried.values()].includes(name));
    for (const name of begins) {
      if (!perform.has(name))
        this.#refuse(name, 'it would begin at once: the run has gone past its place', 'perform');
    }
    return { carried, states, withdrawn, begins };
  }

  /** It comes again later, or the mapping gives what it was to yield. */
  #isExplained(name: string, replayed: Replayed): boolean {
    return this.#outcomes.has(name) || name === closing || !replayed.progress.has(name);
  }

  #obstacle(step: string, name: string, state: string): string | null {
    const { chart } = this.#after.compiled;
    if (step === closing)
      return hasState(chart, closing, state) ? null : 'the new version closes without a person';
    const [from, to] = [this.#oldNode(step), this.#newNode(name)];
    if (from === null || to === null) return 'it is no step any more';
    return obstacleTo({ from, to, state, names: this.#names }, chart);
  }

  #giveUp(step: string, state: string, withdrawn: string[]): void {
    withdrawn.push(step);
    const node = this.#oldNode(step);
    const cost = node === null ? null : costOfGivingUp(node, state);
    if (cost !== null) this.#refuse(step, `it cannot be given up: ${cost}`);
  }

  // --- the outcome -------------------------------------------------------------------------------------------------------------------

  #carryContext(): JsonObject {
    const { context } = this.#after.index.plan;
    const old = this.#before.index.plan.context;
    const upcast = this.#mapping.context;
    const { data } = this.#run;
    const made =
      upcast === undefined ? data : this.#call('context', () => upcast(data, this.#results()));
    const copied = copyJson(made ?? {});
    const given = copied.ok ? (copied.value as JsonObject) : {};
    const carried: Record<string, Json> = {};
    for (const [key, { schema, initial }] of Object.entries(context)) {
      const value = own(given, key) ?? initial;
      const misfit = schemaMisfit(
        upcast === undefined ? own(old, key)?.schema : null,
        schema,
        value,
      );
      if (misfit !== null)
        this.#refuse(
          null,
          `"${key}" of its context is not one of the new version: ${misfit}`,
          'context',
        );
      carried[key] = value;
    }
    return carried;
  }

  #moveTo(replayed: Replayed, standing: Standing, data: JsonObject): Move {
    const { compiled } = this.#after;
    const context = this.#contextOf(contextOf(replayed.snapshot), standing);
    const { value } = toStored(replayed.snapshot);
    const snapshot: JsonObject = {
      value: withStates(compiled.chart, value ?? null, standing.states),
      context: context as unknown as JsonObject,
    };
    const passed = lastRecords(this.#run.entries);
    const wasSkipped = new Set(
      [...passed].flatMap(([step, { settles }]) =>
        settles === 'skipped' ? [this.#names.get(step)] : [],
      ),
    );
    return {
      ...this.#nothing(data),
      // Restored once, so that a state the chart does not have is found here.
      snapshot: toStored(fromStored(compiled, snapshot)),
      carried: standing.carried,
      withdrawn: standing.withdrawn,
      begins: standing.begins,
      asked: replayed.asked,
      skipped: replayed.skipped.filter((step) => !wasSkipped.has(step)),
      facts: replayed.facts,
      derived: replayed.derived,
      milestones: replayed.milestones,
    };
  }

  #nothing(data: JsonObject): Omit<Move, 'snapshot'> {
    return {
      data,
      names: new Map([...this.#names].filter(([from, to]) => from !== to)),
      carried: new Map(),
      withdrawn: [],
      dropped: this.#dropped,
      given: this.#given,
      skipped: [],
      asked: [],
      begins: [],
      facts: new Map(),
      derived: new Map(),
      milestones: [],
    };
  }

  /** Counts and doubts of the steps carried over are those of the run, not of the walk that led there. */
  #contextOf(walked: ChartContext, { carried, states }: Standing): ChartContext {
    const old = this.#run.snapshot['context'] as unknown as ChartContext;
    const attempts = [...carried].flatMap(([from, to]) => {
      const count = attemptsOf(old, from);
      return count === 0 ? [] : [[to, count] as const];
    });
    const isRunning = (step: string) => {
      const state = states.get(step);
      return state === undefined || state === 'running' || state === 'fallback';
    };
    const doubts = old.doubts.flatMap((step) => {
      const name = this.#names.get(step);
      return name === undefined ? [] : [name];
    });
    return {
      ...walked,
      running: walked.running.filter(isRunning),
      attempts: { ...walked.attempts, ...Object.fromEntries(attempts) },
      doubts,
    };
  }
}

interface Standing {
  readonly carried: ReadonlyMap<string, string>;
  readonly states: ReadonlyMap<string, string>;
  readonly withdrawn: readonly string[];
  readonly begins: readonly string[];
}

function own<T>(record: { readonly [key: string]: T } | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

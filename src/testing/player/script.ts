/** From a path to a script: every value the path needs, found before anything runs. */
import {
  evaluateMapper,
  evaluatePredicate,
  restoreOutput,
  updateContext,
} from '../../evaluation.ts';
import type { Json, JsonObject } from '../../plan/json.ts';
import type { MapStep, Plan, PlanNode, TaskStep } from '../../plan/plan.ts';
import { indexPlan, type PlanIndex, type Settled, settle } from '../../plan/settle.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { Bindings, RunnableWorkflow } from '../../ports/bindings.ts';
import type { Move } from '../../proof/paths/move.ts';
import { textOf } from '../../proof/paths/move.ts';
import type { PathStep, WorkflowPath } from '../../proof/paths/paths.ts';
import { type Example, validExamples } from '../examples/examples.ts';
import type { Answer, Fixtures } from './fixtures.ts';

/** A path with its values; it can be played against any engine, and gone on with after a crash. */
export interface Script {
  readonly workflow: RunnableWorkflow;
  readonly path: WorkflowPath;
  /** Idempotency key of its run: whoever plays the script a second time finds the run of the first. */
  readonly key: string;
  readonly input: Json;
  readonly answers: readonly Answer[];
  /** What the run yields if it completes; `undefined` otherwise. */
  readonly output: unknown;
  /** What is undone, in order. */
  readonly undone: readonly string[];
}

export type ScriptResult =
  | { readonly ok: true; readonly script: Script }
  /** No values were found under which the run takes the path; the reason says what to give. */
  | { readonly ok: false; readonly path: WorkflowPath; readonly reason: string };

/**
 * Finds values under which a run takes the path: examples of the fixtures first, generated ones after them. The same for the same seed.
 */
export async function scriptOf(
  workflow: RunnableWorkflow,
  path: WorkflowPath,
  fixtures: Fixtures = {},
): Promise<ScriptResult> {
  try {
    return { ok: true, script: await new Writer(workflow, path, fixtures).write() };
  } catch (error) {
    if (!(error instanceof Infeasible)) throw error;
    return { ok: false, path, reason: error.message };
  }
}

class Infeasible extends Error {}

/** A value on trial: what it makes of the facts decides. */
interface Trial {
  readonly settled: readonly (readonly [string, Settled])[];
  readonly data: JsonObject;
}

class Writer {
  readonly #workflow: RunnableWorkflow;
  readonly #path: WorkflowPath;
  readonly #fixtures: Fixtures;
  readonly #plan: Plan;
  readonly #bindings: Bindings;
  readonly #index: PlanIndex;
  #progress = new Map<string, Settled>();
  #data: JsonObject = {};
  #input: Example | null = null;
  #round = 1;
  /** Answers of the present round by step, for a retry that goes on where the run failed. */
  readonly #fallback = new Set<string>();

  constructor(workflow: RunnableWorkflow, path: WorkflowPath, fixtures: Fixtures) {
    this.#workflow = workflow;
    this.#path = path;
    this.#fixtures = fixtures;
    this.#plan = workflow.plan;
    this.#bindings = workflow.bindings;
    this.#index = indexPlan(workflow.plan);
  }

  async write(): Promise<Script> {
    this.#begin();
    const answers: Answer[] = [];
    const undone: string[] = [];
    for (const step of this.#path.steps) {
      if (step.move.type === 'run.retried') undone.length = 0;
      answers.push(await this.#answerTo(step));
      if (step.move.type === 'undo.completed') undone.push(this.#undoOf(answers));
    }
    const { end } = this.#path;
    return {
      workflow: this.#workflow,
      path: this.#path,
      key: `path ${this.#path.id}`,
      input: this.#input?.raw ?? null,
      answers,
      output:
        end === 'complete'
          ? (resolveWiring(this.#plan.output, (of) => this.#read(of)) ?? null)
          : undefined,
      undone,
    };
  }

  #begin(): void {
    this.#progress = new Map();
    this.#data = Object.fromEntries(
      Object.entries(this.#plan.context).map(([key, declared]) => [key, declared.initial]),
    );
  }

  async #answerTo(step: PathStep): Promise<Answer> {
    const { move, state, status, atMs } = step;
    const base = { move, state, status, atMs };
    if (move.type === 'run.started') {
      this.#start(step);
      return base;
    }
    if (this.#input === null) this.#start({ ...step, facts: {} });
    if (move.type === 'run.retried') {
      this.#round += 1;
      this.#retry(step);
      return base;
    }
    const isWorking = Object.keys(this.#pathState(step)).length >= 0;
    const node = this.#index.nodes.get(move.step);
    if (!isWorking || node === undefined) return { ...base, ...this.#closing(move) };
    const { value, items, settled } = await this.#valueOf(node, step);
    if (settled !== null) this.#accept(settled);
    this.#followed(step);
    this.#noteFallback(node, move);
    return {
      ...base,
      ...(value === undefined ? {} : { value }),
      ...(items === undefined ? {} : { items }),
    };
  }

  #pathState(step: PathStep): object {
    return step;
  }

  #closing(_move: Move): Partial<Answer> {
    return {};
  }

  #start(step: PathStep): void {
    const request = {
      what: `input of workflow "${this.#plan.name}"`,
      contract: this.#bindings.input,
      given: this.#fixtures.inputs,
    };
    for (const example of validExamples(request, this.#seed)) {
      this.#input = example;
      const trial = this.#trial([], step, true);
      if (trial === null) continue;
      this.#accept(trial);
      this.#followed(step);
      return;
    }
    this.#input = null;
    throw new Infeasible(missing(request.what, step, 'inputs'));
  }

  /** After compensation everything is done again; otherwise it goes on with what there is. */
  #retry(step: PathStep): void {
    const isAfresh = this.#path.steps.some(
      ({ move }) =>
        move.step === 'undo' || move.type === 'stop.grace_over' || move.type.endsWith('.in_doubt'),
    );
    if (!isAfresh) return;
    this.#begin();
    const trial = this.#trial([], { ...step, facts: step.facts }, true);
    if (trial !== null) this.#accept(trial);
    this.#followed(step);
  }

  get #seed(): number {
    return (this.#fixtures.seed ?? 1) * 1_000 + this.#round;
  }

  #undoOf(answers: readonly Answer[]): string {
    const since = answers.slice(
      answers.findLastIndex(({ move }) => move.type === 'run.retried') + 1,
    );
    const over = since.filter(
      ({ move }) =>
        move.type === 'undo.completed' ||
        (move.type === 'undo.failed' && move.failure !== 'transient'),
    );
    return this.#path.undo[over.length - 1] ?? '';
  }

  /** Steps that a policy or an emitted event settles in the same commit. */
  #followed(step: PathStep): void {
    for (const event of step.trail.slice(1)) {
      const id = event.replace(/\.[^.]*$/, '');
      const node = this.#index.nodes.get(id);
      if (node === undefined || id === step.move.step) continue;
      const value =
        node.kind === 'review'
          ? {
              outcome: 'approved',
              actor: `policy:${node.approve.by === 'guard' ? node.approve.label : 'automatic'}`,
              form: {},
            }
          : undefined;
      if (this.#progress.get(id) !== undefined) continue;
      const trial = this.#trial([[id, { status: 'complete', value }]], step, false, true);
      if (trial !== null) this.#accept(trial);
    }
  }

  #noteFallback(node: PlanNode, move: Move): void {
    if (node.kind === 'task' && node.fallback !== undefined && move.type.endsWith('.failed'))
      this.#fallback.add(node.id);
  }

  #accept({ settled, data }: Trial): void {
    for (const [id, value] of settled) this.#progress.set(id, value);
    this.#data = data;
  }

  #read(of: string): unknown {
    if (of === '$input') return this.#input?.value;
    if (of === '$context') return this.#data;
    if (of === '$run')
      return {
        runId: 'run',
        workflow: this.#plan.name,
        version: this.#plan.version,
        startedAtMs: 0,
      };
    const settled = this.#progress.get(of);
    return settled?.status === 'complete' ? settled.value : undefined;
  }

  /** `null` if the functions of the definition answer otherwise than the path wants. */
  #trial(
    seeds: readonly (readonly [string, Settled])[],
    { facts: wanted, move }: PathStep,
    atStart: boolean,
    isLoose = false,
  ): Trial | null {
    if (move.faulted === true) return { settled: seeds, data: this.#data };
    const { settled, facts, fault, updates } = settle(
      this.#index,
      this.#progress,
      seeds,
      (of) => this.#read(of),
      {
        predicate: (id, value) => evaluatePredicate(this.#bindings, id, value),
        derive: (id, value) => evaluateMapper(this.#bindings, id, value),
      },
      atStart,
    );
    if (fault !== null) return null;
    const agrees = Object.entries(facts).every(
      ([id, fact]) => wanted[id] === undefined || wanted[id] === fact,
    );
    if (!agrees && !isLoose) return null;
    const updated = updateContext(this.#plan, this.#bindings, this.#data, updates);
    return updated.fault === null ? { settled, data: updated.data } : null;
  }

  async #valueOf(
    node: PlanNode,
    step: PathStep,
  ): Promise<{
    readonly value?: Json;
    readonly items?: JsonObject;
    readonly settled: Trial | null;
  }> {
    const { move } = step;
    const last = move.type.slice(move.step.length + 1);
    const settles = (value: unknown) =>
      this.#trial([[node.id, { status: 'complete', value }]], step, false);
    switch (node.kind) {
      case 'task':
        return this.#taskValue(node, step, last, settles);
      case 'review': {
        if (last === 'expired')
          return this.#fixed(
            step,
            node.onExpired === 'fail'
              ? null
              : {
                  outcome: node.onExpired === 'reject' ? 'rejected' : 'expired',
                  actor: 'policy:expired',
                },
          );
        const rejects = move.outcome === 'rejected';
        if (rejects && node.onRejected === 'fail') return { settled: null };
        if (rejects) return this.#fixed(step, { outcome: 'rejected', actor: reviewer });
        const contract = this.#bindings.forms.get(node.id);
        if (contract === undefined)
          return {
            ...this.#fixed(step, { outcome: 'approved', actor: reviewer, form: {} }),
            value: {},
          };
        const what = `form of review "${node.id}"`;
        return this.#search(
          { what, contract, given: this.#fixtures.forms?.[node.id] },
          step,
          `forms: { ${node.id}: […] }`,
          ({ value }) => settles({ outcome: 'approved', actor: reviewer, form: value }),
        );
      }
      case 'wait': {
        if (last === 'timed_out')
          return this.#fixed(step, node.onTimeout === 'fail' ? null : { status: 'timed_out' });
        const contract = this.#bindings.events.get(node.event);
        if (contract === undefined) throw new Infeasible(`event "${node.event}" is not registered`);
        const what = `payload of event "${node.event}"`;
        const where = node.where.map(
          ([key, wiring]) => [key, resolveWiring(wiring, (of) => this.#read(of)) ?? null] as const,
        );
        const correlated = (raw: Json): Json =>
          where.length === 0 || typeof raw !== 'object' || raw === null
            ? raw
            : { ...(raw as JsonObject), ...(Object.fromEntries(where) as JsonObject) };
        const request = {
          what,
          contract: {
            ...contract,
            parse: (raw: unknown) => contract.parse(correlated(raw as Json)),
          },
          given: this.#fixtures.events?.[node.event],
        };
        const found = await this.#search(
          request,
          step,
          `events: { ${node.event}: […] }`,
          ({ value }) =>
            settles(node.onTimeout === 'continue' ? { status: 'received', value } : value),
        );
        return {
          ...found,
          ...(found.value === undefined ? {} : { value: correlated(found.value) }),
        };
      }
      case 'sleep':
      case 'emit':
        return this.#fixed(step, undefined);
      case 'map':
        return last === 'completed' ? this.#mapValue(node, step) : { settled: null };
      default:
        return { settled: null };
    }
  }

  #fixed(step: PathStep, value: unknown): { readonly settled: Trial | null } {
    if (value === null) return { settled: null };
    const settled = this.#trial([[step.move.step, { status: 'complete', value }]], step, false);
    if (settled === null) throw new Infeasible(contradiction(step));
    return { settled };
  }

  async #taskValue(
    node: TaskStep,
    step: PathStep,
    last: string,
    settles: (value: unknown) => Trial | null,
  ) {
    const { move } = step;
    const isFallback = this.#fallback.has(node.id);
    const call = isFallback && node.fallback !== undefined ? node.fallback : node.call;
    const binding = this.#bindings.tasks.get(call.task);
    if (binding === undefined) throw new Infeasible(`task "${call.task}" is not registered`);
    if (last === 'failed' && move.failure === 'declared') {
      const contract = binding.failures.get(move.code ?? '');
      if (contract === undefined)
        throw new Infeasible(`task "${call.task}" declares no failure "${move.code}"`);
      const what = `detail of failure "${move.code}" of task "${call.task}"`;
      return this.#search(
        { what, contract, given: this.#fixtures.failures?.[move.code ?? ''] },
        step,
        `failures: { ${move.code}: […] }`,
        ({ stored }) => settles({ status: move.code, detail: stored }),
      );
    }
    if (last !== 'completed' && last !== 'happened') {
      const failure = {
        name: 'PermanentError',
        message: 'failed on the path',
        retryable: move.failure === 'transient',
        attempts: 1,
      };
      const isEnd = node.tolerate === 'any' && Object.keys(step.facts).length > 0;
      const settled = node.tolerate === 'any' ? settles({ status: 'failed', failure }) : null;
      if (isEnd && settled === null) throw new Infeasible(contradiction(step));
      return { settled: this.#isSettled(step, node.id) ? settled : null };
    }
    const input = binding.input.parse(resolveWiring(node.input, (of) => this.#read(of)));
    if (!input.ok) {
      const [issue] = input.issues;
      throw new Infeasible(
        `the values chosen so far are no input of task "${call.task}" in step "${node.id}" (${issue?.path.join('.')}: ${issue?.message}); give examples of what it reads`,
      );
    }
    const given = this.#fixtures.tasks?.[call.task];
    const what = `output of task "${call.task}" in step "${node.id}"`;
    const outputs =
      typeof given === 'function' ? [await given({ input: input.value as never })] : given;
    return this.#search(
      { what, contract: binding.output, given: outputs },
      step,
      `tasks: { ${call.task}: […] }`,
      ({ stored }) => {
        const wrapped: Json =
          node.tolerate === undefined ? stored : { status: 'complete', value: stored };
        return settles(restoreOutput(node, this.#bindings, wrapped, isFallback));
      },
    );
  }

  /** The run has left the step by the failure. */
  #isSettled(step: PathStep, id: string): boolean {
    return (
      step.status === 'processing' &&
      !JSON.stringify(step.state).includes(`"${id}"`) &&
      !JSON.stringify(step.state).includes('draining')
    );
  }

  async #mapValue(node: MapStep, step: PathStep) {
    const given = resolveWiring(node.items, (of) => this.#read(of));
    const list = Array.isArray(given) ? given : [];
    const items: Record<string, Json> = {};
    for (const index of list.keys()) {
      for (const part of node.body) {
        if (part.kind !== 'task') continue;
        const binding = this.#bindings.tasks.get(part.call.task);
        if (binding === undefined)
          throw new Infeasible(`task "${part.call.task}" is not registered`);
        const fixture = this.#fixtures.tasks?.[part.call.task];
        const what = `output of task "${part.call.task}" for item ${index}`;
        const request = {
          what,
          contract: binding.output,
          given: typeof fixture === 'function' ? undefined : fixture,
        };
        const [example] = validExamples(request, this.#seed);
        if (example === undefined)
          throw new Infeasible(missing(what, step, `tasks: { ${part.call.task}: […] }`));
        items[`${index}/${part.id}`] = example.raw;
      }
    }
    return {
      items,
      settled: this.#trial(
        [[node.id, { status: 'complete', value: undefined }]],
        step,
        false,
        true,
      ),
    };
  }

  async #search(
    request: Parameters<typeof validExamples>[0],
    step: PathStep,
    fixture: string,
    settles: (example: Example) => Trial | null,
  ): Promise<{ readonly value: Json; readonly settled: Trial }> {
    for (const example of validExamples(request, this.#seed)) {
      const settled = settles(example);
      if (settled !== null) return { value: example.raw, settled };
    }
    throw new Infeasible(missing(request.what, step, fixture));
  }
}

/** Who decides on a path. */
export const reviewer = 'path-reviewer';

function missing(what: string, { facts }: PathStep, fixture: string): string {
  const wanted = Object.entries(facts).map(
    ([id, fact]) => `"${id.replace(/^\?/, '')}" ${String(fact)}`,
  );
  const makes =
    wanted.length === 0 ? `is a valid ${what}` : `(${what}) makes ${wanted.join(' and ')}`;
  return `no generated value ${makes}; give a fixture: ${fixture}`;
}

function contradiction({ move, facts }: PathStep): string {
  const wanted = Object.entries(facts).map(
    ([id, fact]) => `"${id.replace(/^\?/, '')}" ${String(fact)}`,
  );
  return `"${textOf(move)}" never makes ${wanted.join(' and ')}`;
}

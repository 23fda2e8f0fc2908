/** From a path to a script: every value the path needs, found before anything runs. */
import type { Json } from '../../plan/json.ts';
import { copyJson } from '../../plan/json-value.ts';
import type { ChildStep } from '../../plan/plan.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { RunnableWorkflow } from '../../ports/bindings.ts';
import { mainLineOf } from '../../proof/paths/children.ts';
import type { PathReport, PathStep, WorkflowPath } from '../../proof/paths/paths.ts';
import { validExamples } from '../examples/examples.ts';
import { answerTo } from './answers.ts';
import { Dataflow } from './dataflow.ts';
import type { Fixtures } from './fixtures.ts';
import { Infeasible, noValue } from './infeasible.ts';
import { childPlans, paths } from './paths.ts';
import type { Answer, Script } from './script.ts';

/** Values under which a run takes a path, or why there are none. */
export type ScriptResult =
  | { readonly ok: true; readonly script: Script }
  /** No values were found under which a run takes the path; the reason says what to give. */
  | { readonly ok: false; readonly path: WorkflowPath; readonly reason: string };

/**
 * Finds values under which a run takes the path: examples of the fixtures first, generated ones after them. The same for the same seed.
 */
export async function scriptOf(
  workflow: RunnableWorkflow,
  path: WorkflowPath,
  fixtures: Fixtures = {},
): Promise<ScriptResult> {
  return attempt(workflow, path, fixtures, null);
}

/** @param fixed - the input, where the parent has chosen it */
async function attempt(
  workflow: RunnableWorkflow,
  path: WorkflowPath,
  fixtures: Fixtures,
  fixed: { readonly input: Json } | null,
): Promise<ScriptResult> {
  try {
    return { ok: true, script: await write(workflow, path, fixtures, fixed) };
  } catch (error) {
    if (error instanceof Infeasible) return { ok: false, path, reason: error.message };
    throw error;
  }
}

async function write(
  workflow: RunnableWorkflow,
  path: WorkflowPath,
  fixtures: Fixtures,
  fixed: { readonly input: Json } | null,
): Promise<Script> {
  const flow = new Dataflow(workflow);
  const seed = fixtures.seed ?? 1;
  const input = inputOf(workflow, flow, path, fixtures, fixed);
  const inFallback = new Set<string>();
  const answers: Answer[] = [];
  let isStopping = false;
  const source = {
    flow,
    fixtures,
    seed,
    isFallback: (step: string) => inFallback.has(step),
    scriptOfChild: (node: ChildStep, given: Json, end: 'complete' | 'failed') =>
      childScript(workflow, node, given, end, fixtures),
  };
  for (const step of path.steps) {
    const { move, status, state, atMs } = step;
    if (move.faulted === true && move.type !== 'run.started' && callsItself(workflow))
      throw new Infeasible('the functions that would throw are those of its child, too');
    if (move.type === 'run.retried') restart(flow, path, step, inFallback);
    const { trial, ...found } = await answerTo(source, step, isStopping);
    isStopping = JSON.stringify(state).includes('draining');
    if (trial !== null) flow.accept(trial);
    followUps(flow, step);
    if (entersFallback(flow, step)) inFallback.add(move.step);
    answers.push({ move, status, state, atMs, ...found });
  }
  const output = copyJson(
    JSON.parse(JSON.stringify(resolveWiring(workflow.plan.output, flow.read) ?? null)),
  );
  return {
    workflow,
    path,
    key: `path ${path.id}`,
    input,
    answers,
    output: path.end === 'complete' && output.ok ? output.value : undefined,
    undone: undoneOn(path),
  };
}

function inputOf(
  { plan, bindings }: RunnableWorkflow,
  flow: Dataflow,
  path: WorkflowPath,
  { inputs, seed = 1 }: Fixtures,
  fixed: { readonly input: Json } | null,
): Json | undefined {
  const start = path.steps.find(({ move }) => move.type === 'run.started');
  const again = path.steps.find(({ move }) => move.type === 'run.retried');
  const what = `input of workflow "${plan.name}"`;
  const given = fixed === null ? inputs : [fixed.input];
  const request = { what, contract: bindings.input, given };
  for (const { raw, value } of validExamples(request, seed)) {
    if (fixed !== null && JSON.stringify(raw) !== JSON.stringify(fixed.input)) break;
    flow.setInput(value);
    if (start === undefined) return raw;
    const isFaulted = start.move.faulted === true;
    const trial = flow.try([], isFaulted ? (again?.facts ?? {}) : start.facts, true);
    if (trial === null) continue;
    if (isFaulted) return raw;
    flow.accept(trial);
    followUps(flow, start);
    return raw;
  }
  throw noValue(what, { facts: start?.facts ?? {} }, 'inputs: […]');
}

/** After compensation everything is done again; otherwise the run goes on with what there is. */
function restart(
  flow: Dataflow,
  path: WorkflowPath,
  step: PathStep,
  inFallback: Set<string>,
): void {
  const before = path.steps.slice(0, path.steps.indexOf(step));
  const isAfresh = before.some(
    ({ move }) =>
      move.step === 'undo' ||
      move.faulted === true ||
      move.type === 'stop.grace_over' ||
      move.type.endsWith('.in_doubt') ||
      move.type.endsWith('.given_up'),
  );
  inFallback.clear();
  if (!isAfresh) return;
  flow.clear();
  const trial = flow.try([], step.facts, true);
  if (trial !== null) flow.accept(trial);
  followUps(flow, step);
}

/** Steps that a policy decides, and events that are emitted, in the same commit. */
function followUps(flow: Dataflow, step: PathStep): void {
  for (const event of step.trail.slice(1)) {
    const id = event.slice(0, event.lastIndexOf('.'));
    const node = flow.index.nodes.get(id);
    if (node === undefined || id === step.move.step || flow.has(id)) continue;
    if (node.kind !== 'review' && node.kind !== 'emit') continue;
    // The policy was asked, and leaves it to a person.
    if (JSON.stringify(step.state).includes(`"${id}":"waiting_review"`)) continue;
    const label =
      node.kind === 'review' && node.approve.by === 'guard' ? node.approve.label : 'automatic';
    const value =
      node.kind === 'review'
        ? { outcome: 'approved', actor: `policy:${label}`, form: {} }
        : undefined;
    const trial = flow.try([[id, value]], {});
    if (trial !== null) flow.accept(trial);
  }
}

function entersFallback({ index }: Dataflow, { move, state }: PathStep): boolean {
  const node = index.nodes.get(move.step);
  return (
    node?.kind === 'task' &&
    node.fallback !== undefined &&
    JSON.stringify(state).includes('"fallback')
  );
}

/** Entries of the undo list whose undo succeeds in the last round. */
function undoneOn({ steps, undo }: WorkflowPath): readonly string[] {
  const undone: string[] = [];
  let position = 0;
  for (const { move } of steps) {
    if (move.type === 'run.retried') {
      undone.length = 0;
      position = 0;
    }
    if (move.type === 'undo.completed') undone.push(undo[position] ?? '');
    if (
      move.type === 'undo.completed' ||
      (move.type === 'undo.failed' && move.failure !== 'transient')
    )
      position += 1;
  }
  return undone;
}

function callsItself({ plan, bindings }: RunnableWorkflow): boolean {
  const { name, version } = plan;
  return bindings.children.get(name)?.version === version;
}

const reports = new WeakMap<RunnableWorkflow, PathReport>();

/** The main line of the child, or its shortest way to fail. */
async function childScript(
  { bindings }: RunnableWorkflow,
  { workflow: name }: ChildStep,
  input: Json,
  end: 'complete' | 'failed',
  fixtures: Fixtures,
): Promise<Script | null> {
  const child = bindings.children.get(name);
  if (child === undefined) return null;
  const report = reports.get(child) ?? paths(child, { fixtures });
  reports.set(child, report);
  const leaves = mainLineOf(child.plan, { children: childPlans(child) }).done.length;
  for (const path of report.paths) {
    const isRetried = path.steps.some(
      ({ move }) => move.type === 'run.retried' || move.faulted === true,
    );
    if (path.end !== end || isRetried || (end === 'complete' && path.undo.length !== leaves))
      continue;
    const written = await attempt(child, path, fixtures, { input });
    if (written.ok) return written.script;
  }
  return null;
}

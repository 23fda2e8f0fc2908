/** The value that answers one event of a path, and what it makes of the rest. */

import { escalationLevel } from '../../chart/review-states.ts';
import { restoreOutput } from '../../evaluation.ts';
import type { Json, JsonObject } from '../../plan/json.ts';
import type { ChildStep, MapStep, ReviewStep, TaskStep, WaitStep } from '../../plan/plan.ts';
import { callOf } from '../../plan/task-call.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { PathStep } from '../../proof/paths/paths.ts';
import { type Example, type ExampleRequest, validExamples } from '../examples/examples.ts';
import type { Dataflow, Trial } from './dataflow.ts';
import type { Fixtures } from './fixtures.ts';
import { contradiction, Infeasible, noValue } from './infeasible.ts';
import { mapValues } from './map-values.ts';
import type { Answer, Script } from './script.ts';

/** Who decides on a path. */
export const reviewer = 'path-reviewer';

/** Values of an answer; `trial` is `null` if it settles nothing. */
export interface Found extends Pick<Answer, 'value' | 'items' | 'child'> {
  readonly trial: Trial | null;
}

export interface AnswerSource {
  readonly flow: Dataflow;
  readonly fixtures: Fixtures;
  readonly seed: number;
  /** The step is in its fallback. */
  isFallback(step: string): boolean;
  /** Script of a child run that ends so; `null` if none was found. */
  scriptOfChild(node: ChildStep, input: Json, end: 'complete' | 'failed'): Promise<Script | null>;
}

const nothing: Found = { trial: null };

/** @param isStopping - the run stops already: a child of it is stopped, too, and has no path of its own */
export async function answerTo(
  source: AnswerSource,
  step: PathStep,
  isStopping: boolean,
): Promise<Found> {
  const node = source.flow.index.nodes.get(step.move.step);
  switch (node?.kind) {
    case 'task':
      return ofTask(source, node, step);
    case 'review':
      return ofReview(source, node, step);
    case 'wait':
      return ofWait(source, node, step);
    case 'map':
      return ofMap(source, node, step);
    case 'child':
      return isStopping ? nothing : ofChild(source, node, step);
    case 'sleep':
    case 'emit':
      return settled(source, step, undefined);
    default:
      return nothing;
  }
}

function lastOf({ move }: PathStep): string {
  return move.type.slice(move.step.length + 1);
}

/** A value that nobody chooses. */
function settled({ flow }: AnswerSource, step: PathStep, value: unknown): Found {
  if (step.move.faulted === true) return nothing;
  const trial = flow.try([[step.move.step, value]], step.facts);
  if (trial === null) throw contradiction(step);
  return { trial };
}

/** The first example under which the conditions say what the path wants. */
function search(
  { flow, seed }: AnswerSource,
  request: ExampleRequest,
  step: PathStep,
  fixture: string,
  seen: (example: Example) => unknown,
): Found {
  for (const example of validExamples(request, seed)) {
    if (step.move.faulted === true) return { ...valueIn(example), trial: null };
    const trial = flow.try([[step.move.step, seen(example)]], step.facts);
    if (trial !== null) return { ...valueIn(example), trial };
  }
  throw noValue(request.what, step, fixture);
}

const valueIn = ({ raw }: Example): Pick<Answer, 'value'> =>
  raw === undefined ? {} : { value: raw };

// --- tasks -------------------------------------------------------------------------------------------------------------------------

async function ofTask(source: AnswerSource, node: TaskStep, step: PathStep): Promise<Found> {
  const { flow, fixtures } = source;
  const last = lastOf(step);
  const isFallback = source.isFallback(node.id);
  const call = callOf(node, isFallback);
  const binding = flow.bindings.tasks.get(call.task);
  if (binding === undefined) throw new Infeasible(`task "${call.task}" is not registered`);
  const { failure, code = '' } = step.move;
  if (failure === 'declared') {
    const contract = binding.failures.get(code);
    if (contract === undefined)
      throw new Infeasible(`task "${call.task}" declares no failure "${code}"`);
    const what = `detail of failure "${code}" of task "${call.task}"`;
    const request = { what, contract, given: fixtures.failures?.[code] };
    return search(source, request, step, `failures: { ${code}: […] }`, ({ stored }) => ({
      status: code,
      detail: stored,
    }));
  }
  if (last !== 'completed' && last !== 'happened') {
    if (!hasLeft(step, node.id) || node.tolerate !== 'any') return nothing;
    const name = 'PermanentError';
    return settled(source, step, {
      status: 'failed',
      failure: { name, message: 'failed on the path', retryable: false, attempts: 1 },
    });
  }
  const input = binding.input.parse(resolveWiring(node.input, flow.read));
  if (!input.ok) {
    const [issue] = input.issues;
    throw new Infeasible(
      `the values chosen so far are no input of task "${call.task}" in step "${node.id}" (${issue?.path.join('.')}: ${issue?.message}); give fixtures for what it reads`,
    );
  }
  const given = fixtures.tasks?.[call.task];
  const outputs =
    typeof given === 'function' ? [await given({ input: input.value as never })] : given;
  const what = `output of task "${call.task}" in step "${node.id}"`;
  const request = { what, contract: binding.output, given: outputs };
  return search(source, request, step, `tasks: { ${call.task}: […] }`, ({ stored }) => {
    const wrapped: Json =
      node.tolerate === undefined ? stored : { status: 'complete', value: stored };
    return restoreOutput(node, flow.bindings, wrapped, isFallback);
  });
}

/** The run goes on, and no longer stands in the step. */
function hasLeft({ status, state }: PathStep, id: string): boolean {
  const text = JSON.stringify(state);
  return (
    // A tolerated failure of the last step may be what completes the run.
    (status === 'processing' || status === 'waiting_review' || status === 'complete') &&
    !text.includes('draining') &&
    !text.includes(`${JSON.stringify(id)}:`)
  );
}

// --- people and events -------------------------------------------------------------------------------------------------------------

function ofReview(source: AnswerSource, node: ReviewStep, step: PathStep): Found {
  const { onExpired, onRejected } = node;
  const { outcome } = step.move;
  if (lastOf(step) === 'expired') {
    if (onExpired === 'approve')
      return settled(source, step, {
        outcome: 'approved',
        actor: `policy:${node.expiryPolicy ?? ''}`,
        form: {},
      });
    if (onExpired === 'fail' || (onExpired === 'reject' && onRejected === 'fail')) return nothing;
    const expired = onExpired === 'reject' ? 'rejected' : 'expired';
    return settled(source, step, { outcome: expired, actor: 'policy:expired' });
  }
  if (escalationLevel(lastOf(step)) !== null) return nothing;
  if (lastOf(step) === 'objected') return nothing;
  if (outcome === 'rejected')
    return onRejected === 'fail' ? nothing : settled(source, step, { outcome, actor: reviewer });
  const contract = source.flow.bindings.forms.get(node.id);
  const isVote = lastOf(step) === 'voted';
  if (isVote) {
    const what = `form of review "${node.id}"`;
    const given = source.fixtures.forms?.[node.id];
    const [example] =
      contract === undefined ? [] : validExamples({ what, contract, given }, source.seed);
    return { ...(example === undefined ? {} : valueIn(example)), trial: null };
  }
  if (contract === undefined) return settled(source, step, { outcome, actor: reviewer, form: {} });
  const what = `form of review "${node.id}"`;
  const request = { what, contract, given: source.fixtures.forms?.[node.id] };
  return search(source, request, step, `forms: { ${node.id}: […] }`, ({ value }) => ({
    outcome,
    actor: reviewer,
    form: value,
  }));
}

function ofWait(source: AnswerSource, node: WaitStep, step: PathStep): Found {
  const { flow, fixtures } = source;
  const goesOn = node.onTimeout === 'continue';
  if (lastOf(step) === 'timed_out')
    return goesOn ? settled(source, step, { status: 'timed_out' }) : nothing;
  const contract = flow.bindings.events.get(node.event);
  if (contract === undefined) throw new Infeasible(`event "${node.event}" is not registered`);
  const where = Object.fromEntries(
    node.where.map(([key, wiring]) => [key, resolveWiring(wiring, flow.read) ?? null]),
  ) as JsonObject;
  const correlated = (raw: unknown): unknown =>
    node.where.length === 0 || typeof raw !== 'object' ? raw : { ...raw, ...where };
  const what = `payload of event "${node.event}"`;
  const request: ExampleRequest = {
    what,
    contract: { ...contract, parse: (raw) => contract.parse(correlated(raw)) },
    given: fixtures.events?.[node.event],
  };
  const found = search(
    source,
    request,
    step,
    `events: { ${JSON.stringify(node.event)}: […] }`,
    ({ value }) => (goesOn ? { status: 'received', value } : value),
  );
  return found.value === undefined ? found : { ...found, value: correlated(found.value) as Json };
}

// --- maps and children -------------------------------------------------------------------------------------------------------------

function ofMap(source: AnswerSource, node: MapStep, step: PathStep): Found {
  if (lastOf(step) !== 'completed') return nothing;
  const { flow, fixtures, seed } = source;
  const { answers, value } = mapValues(node, flow, (task, index) => {
    const binding = flow.bindings.tasks.get(task);
    if (binding === undefined) throw new Infeasible(`task "${task}" is not registered`);
    const given = fixtures.tasks?.[task];
    const what = `output of task "${task}" for item ${index} of "${node.id}"`;
    const request = {
      what,
      contract: binding.output,
      given: typeof given === 'function' ? undefined : given,
    };
    const [example] = validExamples(request, seed);
    if (example === undefined) throw noValue(what, { facts: {} }, `tasks: { ${task}: […] }`);
    return example;
  });
  const { trial } = settled(source, step, value);
  return { items: answers, trial };
}

async function ofChild(source: AnswerSource, node: ChildStep, step: PathStep): Promise<Found> {
  const last = lastOf(step);
  const input = (resolveWiring(node.input, source.flow.read) ?? null) as Json;
  const end = last === 'completed' ? 'complete' : 'failed';
  const child = await source.scriptOfChild(node, input, end);
  if (child === null)
    throw new Infeasible(
      `no path of child "${node.workflow}" with the input chosen for it is ${end}; give fixtures for its tasks, or inputs of the workflow with which it is`,
    );
  if (end === 'failed' && (node.tolerate === undefined || !hasLeft(step, node.id)))
    return { child, trial: null };
  const output = child.output ?? null;
  const value =
    end === 'failed'
      ? failureOfChild(child)
      : node.tolerate === undefined
        ? output
        : { status: 'complete', value: output };
  return { child, trial: settled(source, step, value).trial };
}

/** What the parent hears of a child that fails on its path. */
function failureOfChild({ answers, undone }: Script): JsonObject {
  const failing = answers.find(({ move }) => move.type.endsWith('.failed') && move.step !== 'undo');
  const message = `Workflow failed at step '${failing?.move.step ?? ''}': failed on the path`;
  return {
    status: 'failed',
    failure: { name: 'PermanentError', message, retryable: false, attempts: 1 },
    compensation: undone.length === 0 ? 'nothing' : 'complete',
  };
}

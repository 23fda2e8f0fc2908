/** The author's functions and schemas at work: predicates, mappers, reducers, recorded values. Misuse is named, in words for people. */
import type { Json, JsonObject } from './plan/json.ts';
import { copyJson } from './plan/json-value.ts';
import type { Plan, PlanNode, ReviewStep, WaitStep } from './plan/plan.ts';
import type { Settlement } from './plan/settle.ts';
import type { Bindings } from './ports/bindings.ts';

/** @throws whatever the predicate throws, and TypeError if its answer is no boolean */
export function evaluatePredicate(bindings: Bindings, id: string, value: unknown): boolean {
  const answer = call(bindings.predicates, id, value);
  if (typeof answer === 'boolean') return answer;
  throw new TypeError(
    `Condition "${id.slice(1)}" must return true or false at once, not ${describe(answer)}`,
  );
}

/** @throws whatever the mapper throws, and TypeError if its answer is a promise or nothing JSON can carry */
export function evaluateMapper(bindings: Bindings, id: string, value: unknown): unknown {
  const answer = call(bindings.mappers, id, value);
  if (isThenable(answer))
    throw new TypeError(
      `Mapper "${id}" must return its value at once, not a promise; do the work in a task`,
    );
  if (answer === undefined) return undefined;
  const plain = copyJson(answer);
  if (plain.ok) return plain.value;
  throw new TypeError(
    `Mapper "${id}": ${plain.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`.trim()).join('; ')}`,
  );
}

function call(
  functions: ReadonlyMap<string, (value: unknown) => unknown>,
  id: string,
  value: unknown,
): unknown {
  const found = functions.get(id);
  if (found === undefined)
    throw new TypeError(`"${id}" is not a function of this version of the workflow`);
  const answer = found(value);
  // Nobody waits for it; that it fails must not end the process.
  if (isThenable(answer)) void Promise.resolve(answer).catch(() => {});
  return answer;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof Reflect.get(value, 'then') === 'function'
  );
}

function describe(value: unknown): string {
  return isThenable(value) ? 'a promise' : value === null ? 'null' : typeof value;
}

/** The run context stays small: it is rewritten with every commit. */
export const maxContextBytes = 64 * 1024;

export type Updated =
  | { readonly data: JsonObject; readonly fault: null }
  | { readonly data: null; readonly fault: { readonly node: string; readonly error: unknown } };

/** The run context after the updates of one settlement. */
export function updateContext(
  plan: Plan,
  bindings: Bindings,
  data: JsonObject,
  updates: Settlement['updates'],
): Updated {
  let next = data;
  for (const { key, value } of updates) {
    try {
      next = { ...next, [key]: reduce(plan, bindings, key, next[key] ?? null, value) };
    } catch (error) {
      return { data: null, fault: { node: `context.${key}`, error } };
    }
  }
  if (updates.length > 0 && JSON.stringify(next).length > maxContextBytes) {
    const error = new RangeError(`The run context is larger than ${maxContextBytes} bytes`);
    return { data: null, fault: { node: 'context', error } };
  }
  return { data: next, fault: null };
}

function reduce(plan: Plan, bindings: Bindings, key: string, current: Json, value: unknown): Json {
  const declared = plan.context[key];
  const contract = bindings.context.get(key);
  if (declared === undefined || contract === undefined)
    throw new TypeError(`Context key "${key}" is not declared`);
  const parsed = contract.parse(
    combine(bindings, declared.reduce, current, (value ?? null) as Json),
  );
  if (parsed.ok) return parsed.stored;
  throw new TypeError(
    `Context key "${key}": ${parsed.issues.map((issue) => issue.message).join('; ')}`,
  );
}

function combine(bindings: Bindings, how: string, current: Json, value: Json): Json {
  switch (how) {
    case 'replace':
      return value;
    case 'sum':
      return Number(current) + Number(value);
    case 'max':
      return Math.max(Number(current), Number(value));
    case 'min':
      return Math.min(Number(current), Number(value));
    case 'append':
      return [...(Array.isArray(current) ? current : []), value];
    case 'merge':
      return { ...(current as JsonObject), ...(value as JsonObject) };
    default: {
      const reducer = bindings.reducers.get(how.slice('named:'.length));
      if (reducer === undefined)
        throw new TypeError(`Reducer "${how}" is not a function of this version of the workflow`);
      return reducer(current, value);
    }
  }
}

/**
 * The recorded output of a step as its consumers see it.
 *
 * @param isFallback - it is the fallback's
 */
export function restoreOutput(
  node: PlanNode,
  bindings: Bindings,
  stored: Json,
  isFallback: boolean,
): unknown {
  if (node.kind === 'wait' || node.kind === 'review') return restoreInside(bindings, node, stored);
  if (node.kind !== 'task') return stored;
  const name = (isFallback ? node.fallback : node.call)?.task ?? '';
  const contract = bindings.tasks.get(name)?.output;
  if (contract === undefined) return undefined;
  if (node.tolerate === undefined) return contract.restore(stored);
  const wrapped = stored as { readonly status: string; readonly value?: Json };
  return wrapped.status === 'complete'
    ? { ...wrapped, value: contract.restore(wrapped.value ?? null) }
    : wrapped;
}

/** Events and forms have contracts of their own, inside what the step yields. */
function restoreInside(bindings: Bindings, node: WaitStep | ReviewStep, stored: Json): unknown {
  const contract =
    node.kind === 'wait' ? bindings.events.get(node.event) : bindings.forms.get(node.id);
  if (contract === undefined) return stored;
  if (node.kind === 'wait' && node.onTimeout === 'fail') return contract.restore(stored);
  const key = node.kind === 'wait' ? 'value' : 'form';
  const wrapped = stored as JsonObject;
  const inside = wrapped[key];
  return inside === undefined ? stored : { ...wrapped, [key]: contract.restore(inside) };
}

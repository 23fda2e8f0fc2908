/** Settling a step with the author's functions: predicates, mappers and reducers of the bindings, their misuse named. */

import type { FailureSummary } from '../chart/events.ts';
import { failureOf } from '../failure.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import { copyJson } from '../plan/json-value.ts';
import { type Settled, type Settlement, settle } from '../plan/settle.ts';
import { canonical } from './canonical.ts';
import { type LiveRun, sourceOf } from './live-run.ts';

export interface RunSettlement {
  readonly settlement: Settlement;
  /** Run context after the updates of this commit. */
  readonly data: JsonObject;
  readonly fault: FailureSummary | null;
}

/** The run context stays small: it is rewritten with every commit. */
export const maxContextBytes = 64 * 1024;

export function settleRun(
  run: LiveRun,
  seeds: readonly (readonly [id: string, settled: Settled])[],
  atStart: boolean,
): RunSettlement {
  const { definition } = run;
  const recalled = run.recorded !== null;
  const settlement = settle(
    definition.index,
    run.progress,
    seeds,
    sourceOf(run),
    {
      predicate(id, value) {
        const known = run.facts.get(id);
        return recalled && typeof known === 'boolean'
          ? known
          : truthOf(id, call(definition.bindings.predicates, id, value));
      },
      derive: (id, value) =>
        recalled && run.derived.has(id)
          ? run.derived.get(id)
          : valueOf(id, call(definition.bindings.mappers, id, value)),
    },
    atStart,
  );
  if (settlement.fault !== null)
    return {
      settlement,
      data: run.data,
      fault: faultOf(settlement.fault.node, settlement.fault.error),
    };
  if (settlement.updates.length === 0) return { settlement, data: run.data, fault: null };
  let data = run.data;
  for (const { key, value } of settlement.updates) {
    try {
      data = { ...data, [key]: reduce(run, key, data[key] ?? null, value) };
    } catch (error) {
      return { settlement, data: run.data, fault: faultOf(`context.${key}`, error) };
    }
  }
  if (canonical(data).length > maxContextBytes) {
    return {
      settlement,
      data: run.data,
      fault: faultOf(
        'context',
        new RangeError(`The run context is larger than ${maxContextBytes} bytes`),
      ),
    };
  }
  return { settlement, data, fault: null };
}

function faultOf(node: string, error: unknown): FailureSummary {
  const failure = failureOf(error);
  return { step: node, name: failure.name, message: failure.message, retryable: false };
}

function call(
  functions: ReadonlyMap<string, (value: unknown) => unknown>,
  id: string,
  value: unknown,
): unknown {
  const found = functions.get(id);
  if (found === undefined)
    throw new TypeError(`"${id}" is not a function of this version of the workflow`);
  return found(value);
}

function truthOf(id: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new TypeError(
    `Condition "${id.slice(1)}" must return true or false at once, not ${describe(value)}`,
  );
}

function valueOf(id: string, value: unknown): unknown {
  if (isThenable(value))
    throw new TypeError(
      `Mapper "${id}" must return its value at once, not a promise; do the work in a task`,
    );
  if (value === undefined) return undefined;
  const plain = copyJson(value);
  if (plain.ok) return plain.value;
  throw new TypeError(
    `Mapper "${id}": ${plain.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`.trim()).join('; ')}`,
  );
}

function isThenable(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && typeof Reflect.get(value, 'then') === 'function'
  );
}

function describe(value: unknown): string {
  return isThenable(value) ? 'a promise' : value === null ? 'null' : typeof value;
}

function reduce(run: LiveRun, key: string, current: Json, value: unknown): Json {
  const declared = run.definition.plan.context[key];
  const contract = run.definition.bindings.context.get(key);
  if (declared === undefined || contract === undefined)
    throw new TypeError(`Context key "${key}" is not declared`);
  const next = combine(run, declared.reduce, current, (value ?? null) as Json);
  const parsed = contract.parse(next);
  if (parsed.ok) return parsed.stored;
  throw new TypeError(
    `Context key "${key}": ${parsed.issues.map((issue) => issue.message).join('; ')}`,
  );
}

function combine(run: LiveRun, how: string, current: Json, value: Json): Json {
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
      const reducer = run.definition.bindings.reducers.get(how.slice('named:'.length));
      if (reducer === undefined)
        throw new TypeError(`Reducer "${how}" is not a function of this version of the workflow`);
      return reducer(current, value);
    }
  }
}

/** Where a run stands in both versions, and what goes on there. */
import type { Json, JsonObject } from '../../plan/json.ts';
import { copyJson } from '../../plan/json-value.ts';
import { attemptsOf, type ChartContext } from '../context.ts';
import { costOfGivingUp, obstacleTo } from './carrying.ts';
import { type Case, newNode, oldNode, own, refuse } from './case.ts';
import { schemaMisfit } from './fitting.ts';
import { closing, hasState, stepsUnderWay } from './places.ts';
import { call, results } from './recorded-outcomes.ts';
import type { Replayed } from './replay.ts';

export interface Standing {
  readonly carried: ReadonlyMap<string, string>;
  readonly states: ReadonlyMap<string, string>;
  readonly withdrawn: readonly string[];
  readonly begins: readonly string[];
}

export function compare(c: Case, replayed: Replayed): Standing {
  const state = c.run.snapshot['value'] ?? null;
  const was = stepsUnderWay(c.before.compiled.chart, state);
  const chart = c.after.compiled.chart;
  const is = stepsUnderWay(chart, replayed.snapshot.value as Json);
  const carried = new Map<string, string>();
  const states = new Map<string, string>();
  const withdrawn: string[] = [];
  const perform = new Set(c.mapping.perform);
  for (const [step, at] of was) {
    const name = step === closing ? closing : c.names.get(step);
    if (name !== undefined && is.has(name) && !perform.has(name)) {
      const obstacle = obstacleAt(c, step, name, at);
      if (obstacle === null) {
        carried.set(step, name);
        states.set(name, at);
        continue;
      }
      refuse(c, step, `the run waits at it, and it cannot go on as it is: ${obstacle}`, 'perform');
    } else if (name === undefined && own(c.mapping.steps, step) !== null)
      refuse(c, step, 'the run waits at it, and the new version does not have it', 'steps');
    else if (name !== undefined && !is.has(name) && !isExplained(c, name, replayed))
      refuse(c, step, 'the run waits at it, and the new version would have passed it by');
    giveUp(c, step, at, withdrawn);
  }
  const begins = [...is.keys()].filter((name) => ![...carried.values()].includes(name));
  for (const name of begins) {
    if (!perform.has(name))
      refuse(c, name, 'it would begin at once: the run has gone past its place', 'perform');
  }
  return { carried, states, withdrawn, begins };
}

/** It comes again later, or the mapping gives what it was to yield. */
function isExplained(c: Case, name: string, replayed: Replayed): boolean {
  return c.outcomes.has(name) || name === closing || !replayed.progress.has(name);
}

function obstacleAt(c: Case, step: string, name: string, state: string): string | null {
  const { chart } = c.after.compiled;
  if (step === closing)
    return hasState(chart, closing, state) ? null : 'the new version closes without a person';
  const [from, to] = [oldNode(c, step), newNode(c, name)];
  if (from === null || to === null) return 'it is no step any more';
  return obstacleTo({ from, to, state, names: c.names }, chart);
}

function giveUp(c: Case, step: string, state: string, withdrawn: string[]): void {
  withdrawn.push(step);
  const node = oldNode(c, step);
  const cost = node === null ? null : costOfGivingUp(node, state);
  if (cost !== null) refuse(c, step, `it cannot be given up: ${cost}`);
}

/** Counts and doubts of the steps carried over are those of the run, not of the walk that led there. */
export function carriedCounts(
  c: Case,
  walked: ChartContext,
  { carried, states }: Standing,
): ChartContext {
  const old = c.run.snapshot['context'] as unknown as ChartContext;
  const attempts = [...carried].flatMap(([from, to]) => {
    const count = attemptsOf(old, from);
    return count === 0 ? [] : [[to, count] as const];
  });
  const isRunning = (step: string) => {
    const state = states.get(step);
    return state === undefined || state === 'running' || state === 'fallback';
  };
  const doubts = old.doubts.flatMap((step) => {
    const name = c.names.get(step);
    return name === undefined ? [] : [name];
  });
  return {
    ...walked,
    running: walked.running.filter(isRunning),
    attempts: { ...walked.attempts, ...Object.fromEntries(attempts) },
    doubts,
  };
}

export function carryContext(c: Case): JsonObject {
  const { context } = c.after.index.plan;
  const old = c.before.index.plan.context;
  const upcast = c.mapping.context;
  const { data } = c.run;
  const made = upcast === undefined ? data : call(c, 'context', () => upcast(data, results(c)));
  const copied = copyJson(made ?? {});
  const given = copied.ok ? (copied.value as JsonObject) : {};
  const carried: Record<string, Json> = {};
  for (const [key, { schema, initial }] of Object.entries(context)) {
    const value = own(given, key) ?? initial;
    const misfit = schemaMisfit(upcast === undefined ? own(old, key)?.schema : null, schema, value);
    if (misfit !== null)
      refuse(
        c,
        null,
        `"${key}" of its context is not one of the new version: ${misfit}`,
        'context',
      );
    carried[key] = value;
  }
  return carried;
}

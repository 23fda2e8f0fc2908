/** The record of a run as outcomes the new chart can be fed with, and what a mapping adds to it. */
import type { Json } from '../../plan/json.ts';
import { copyJson } from '../../plan/json-value.ts';
import type { StepNode } from '../../plan/plan.ts';
import { obstacleToUndoing } from './carrying.ts';
import { type Case, messageOf, newNode, oldNode, own, refuse } from './case.ts';
import { misfitOf } from './fitting.ts';
import type { ResultsOfRun } from './mapping.ts';
import { eventOf, eventOfGiven, lastRecords, undoOf } from './record.ts';
import type { Outcome } from './replay.ts';

export function readRecord(c: Case): void {
  for (const [step, entry] of lastRecords(c.run.entries)) {
    if (entry.settles === 'skipped') continue;
    const from = oldNode(c, step);
    const name = c.names.get(step);
    const to = newNode(c, name);
    const isFallback = entry.data?.['fallback'] === true;
    if (from !== null && undoOf(entry) > 0) {
      const obstacle = obstacleToUndoing(from, to, isFallback, c.names);
      if (obstacle !== null)
        refuse(c, step, `it is done and could not be undone any more: ${obstacle}`);
    }
    if (name === undefined || to === null || to.kind !== from?.kind) {
      c.dropped.push(step);
      continue;
    }
    if (c.mapping.perform?.includes(name) === true)
      refuse(c, step, 'it is done already, and is not done again');
    const given = resultFor(c, name);
    if (given !== undefined && undoOf(entry) > 0)
      refuse(c, step, 'its result is what undoing it needs, and stays as it is');
    const stored = given === undefined ? (entry.output ?? null) : given;
    if (given !== undefined) give(c, to, eventOf(entry, name).type, given);
    c.recorded.set(name, { from: step, undo: undoOf(entry) });
    keep(c, name, eventOf(entry, name), stored, isFallback);
  }
  for (const step of c.run.late) {
    if (c.names.get(step) !== step)
      refuse(c, step, 'a late success of it is noted under its old name');
  }
}

export function readGiven(c: Case): void {
  for (const name of Object.keys(c.mapping.results ?? {})) {
    if (c.outcomes.has(name)) continue;
    const step = newNode(c, name);
    const event = step === null ? null : eventOfGiven(step);
    const stored = resultFor(c, name);
    if (step === null || event === null || stored === undefined) {
      refuse(c, name, 'its result is not for a mapping to give: a review is decided by people');
      continue;
    }
    give(c, step, event.type, stored);
    keep(c, name, event, stored, false);
  }
}

function give(c: Case, step: StepNode, event: string, output: Json): void {
  const misfit = misfitOf(null, step, output, false, c.events);
  if (misfit !== null)
    refuse(c, step.id, `the result given for it is not one of its own: ${misfit}`, 'results');
  c.given.push({ step: step.id, event, output });
}

function keep(
  c: Case,
  name: string,
  event: Outcome['event'],
  stored: Json,
  isFallback: boolean,
): void {
  c.stored.set(name, stored);
  try {
    const value = c.code === null ? stored : c.code.restore(name, stored, isFallback);
    c.outcomes.set(name, { event, value });
  } catch (error) {
    refuse(c, name, `its recorded result cannot be read: ${messageOf(error)}`, 'results');
    c.outcomes.set(name, { event, value: stored });
  }
}

function resultFor(c: Case, name: string): Json | undefined {
  const given = own(c.mapping.results, name);
  if (typeof given !== 'function') return given;
  const made = copyJson(call(c, `results.${name}`, () => given(results(c))));
  return made.ok ? made.value : undefined;
}

export function results(c: Case): ResultsOfRun {
  const { runId, input, data, entries } = c.run;
  const results = [...lastRecords(entries)].flatMap(([step, { output }]) =>
    output === undefined ? [] : [[step, output] as const],
  );
  return { runId, input, context: data, results: Object.fromEntries(results) };
}

export function call<T>(c: Case, what: string, make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    refuse(c, null, `${what} of the mapping failed: ${messageOf(error)}`, 'results');
    return undefined;
  }
}

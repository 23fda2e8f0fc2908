/** Walking a record through the new chart, and whether it is walked to its end. */
import { substanceOf } from '../../plan/renaming.ts';
import type { Evaluate } from '../../plan/settle.ts';
import { contextOf } from '../advance.ts';
import { type Case, newNode, oldNode, refuse } from './case.ts';
import { misfitOf, neededSteps } from './fitting.ts';
import { lastRecords, recordedAnswers, reusableAnswers } from './record.ts';
import { type Replayed, replay } from './replay.ts';

export function walk(c: Case): Replayed | null {
  const run = c.run;
  const { plan } = c.after.index;
  const info = {
    runId: run.runId,
    workflow: plan.name,
    version: plan.version,
    startedAtMs: run.startedAtMs,
  };
  const sources: { readonly [of: string]: () => unknown } = {
    $input: () => (c.code === null ? run.input : c.code.input(run.input)),
    $context: () => run.data,
    $run: () => info,
  };
  const { compiled, index } = c.after;
  const read = (of: string) => sources[of]?.();
  const replayed = replay(compiled, index, c.outcomes, read, evaluate(c));
  if (replayed.ok) return replayed.run;
  const isReview = newNode(c, replayed.at)?.kind === 'review';
  const text = `what is recorded leads no further than this in the new version: ${replayed.why}`;
  refuse(c, replayed.at, text, isReview ? null : 'results');
  return null;
}

/** An answer that is recorded is not asked for again, unless the question has changed. */
function evaluate(c: Case): Evaluate {
  const code = c.code;
  const { facts, derived } = recordedAnswers(c.run.entries);
  const replaced = new Set(c.given.map(({ step }) => step));
  const reusable = reusableAnswers(c.before.index, c.after.index, c.names, replaced);
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

export function checkUse(c: Case, replayed: Replayed): void {
  for (const [name, { from, undo }] of c.recorded) {
    if (replayed.used.has(name)) continue;
    const remedy = undo > 0 ? null : 'results';
    refuse(c, from, 'it is done, and the new version would not have come to it yet', remedy);
  }
  for (const { step } of c.given) {
    if (!c.recorded.has(step) && !replayed.used.has(step))
      refuse(c, step, 'the mapping gives its result, but the run does not come to it', 'results');
  }
  const undo = [...c.recorded].reduce(
    (sum, [name, { undo: entries }]) => sum + (replayed.used.has(name) ? entries : 0),
    0,
  );
  if (c.reasons.length === 0 && contextOf(replayed.snapshot).undoable !== undo)
    refuse(c, null, 'what would have to be undone is not the same in the new version');
}

export function checkValues(c: Case, replayed: Replayed): void {
  const undoable = [...c.recorded].flatMap(([name, { undo }]) => (undo > 0 ? [name] : []));
  for (const name of neededSteps(c.after.index, replayed.progress, undoable)) {
    const recorded = c.recorded.get(name);
    const step = newNode(c, name);
    if (recorded === undefined || step === null) continue;
    if (c.given.some((given) => given.step === name)) continue;
    const entry = lastRecords(c.run.entries).get(recorded.from);
    const isFallback = entry?.data?.['fallback'] === true;
    const stored = c.stored.get(name) ?? null;
    const misfit = misfitOf(oldNode(c, recorded.from), step, stored, isFallback, c.events);
    if (misfit === null) continue;
    const remedy = step.kind === 'review' || recorded.undo > 0 ? null : 'results';
    const text = `its recorded result is not one of the new version: ${misfit}`;
    refuse(c, recorded.from, text, remedy);
  }
}

/** Its context is what it was: what the new version would have added on the way, somebody must say. */
export function checkUpdates(c: Case, replayed: Replayed): void {
  if (c.mapping.context !== undefined) return;
  for (const node of c.after.index.plan.nodes) {
    if (node.kind !== 'update' || replayed.progress.get(node.id)?.status !== 'complete') continue;
    const old = c.before.index.nodes.get(node.id);
    if (old !== undefined && substanceOf(old, c.names) === substanceOf(node)) continue;
    const text = `"${node.key}" of its context would have been updated on the way by now`;
    refuse(c, null, text, 'context');
  }
}

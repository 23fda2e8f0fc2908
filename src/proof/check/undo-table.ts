/**
 * Failure points against undo lists, in a size that grows with the workflow and not with its square: a row says what it adds to the row before,
 * and what runs alongside. {@link undoListAt} spells one row out.
 */

import { excludeEachOther } from '../../plan/conditions.ts';
import type { Layout } from '../../plan/layout.ts';
import { type Condition, type Gate, isStep, type Plan, type StepNode } from '../../plan/plan.ts';
import { effectOf, failureOf, type StepEffect } from './effects.ts';

export interface UndoRow {
  readonly step: string;
  /** Counted from 0; stages run one after the other. */
  readonly stage: number;
  /** Within the stage, counted from 0; chains run side by side. */
  readonly chain: number;
  /** Why the run may fail here; `null`: it cannot. */
  readonly failure: string | null;
  readonly effect: StepEffect;
  /** All must hold, or it is skipped. */
  readonly conditions: readonly Condition[];
  /** The row whose effects were there before this step begins; `null`: none were. */
  readonly before: string | null;
  /** Steps of other chains that are over before it begins. */
  readonly waitsFor: readonly string[];
}

/** A step that cannot be undone; if the run fails later it stays done. */
export interface PointOfNoReturn {
  readonly step: string;
  /** Steps after it or alongside at which the run may still fail. */
  readonly failurePointsLeft: number;
}

/** What is undone wherever the workflow may fail. */
export interface UndoTable {
  /** `keep`: a failed run keeps what it has done for a retry; only a cancelled one undoes it. */
  readonly onFailure: Plan['onFailure'];
  /** In order of execution. */
  readonly rows: readonly UndoRow[];
  /** The last row of every chain of the last stage: what was done before the closing review. */
  readonly last: readonly string[];
  readonly pointsOfNoReturn: readonly PointOfNoReturn[];
}

export function undoTableOf(plan: Plan, layout: Layout): UndoTable {
  const steps = new Map(plan.nodes.filter(isStep).map((step) => [step.id, step]));
  const rows: UndoRow[] = [];
  let before: readonly string[] = [];
  const stages = layout.stages.map((stage) =>
    stage.kind === 'step' ? [[stage.step]] : stage.chains,
  );
  for (const [index, chains] of stages.entries()) {
    const chainOf = new Map(
      chains.flatMap((chain, at) => chain.map((step) => [step, at] as const)),
    );
    for (const [at, chain] of chains.entries()) {
      for (const [position, id] of chain.entries()) {
        const step = steps.get(id);
        if (step === undefined) continue;
        const others = (layout.precedence.get(id) ?? []).filter(
          (other) => chainOf.has(other) && chainOf.get(other) !== at,
        );
        rows.push({
          ...rowOf(step),
          stage: index,
          chain: at,
          before: chain[position - 1] ?? before[0] ?? null,
          waitsFor: position === 0 ? [...before.slice(1), ...others] : others,
        });
      }
    }
    before = chains.flatMap((chain) => chain.slice(-1));
  }
  return { onFailure: plan.onFailure, rows, last: before, pointsOfNoReturn: pointsIn(rows) };
}

function rowOf(step: StepNode): Pick<UndoRow, 'step' | 'failure' | 'effect' | 'conditions'> {
  return {
    step: step.id,
    failure: failureOf(step),
    effect: effectOf(step),
    conditions: step.gates.map(({ condition }) => condition),
  };
}

function pointsIn(rows: readonly UndoRow[]): readonly PointOfNoReturn[] {
  const failing = rows.map((row) => (row.failure === null ? 0 : 1));
  const left = new Int32Array(rows.length + 1);
  for (let at = rows.length - 1; at >= 0; at -= 1)
    left[at] = (left[at + 1] ?? 0) + (failing[at] ?? 0);
  const firstOfStage = new Map<number, number>();
  for (const [at, { stage }] of rows.entries())
    if (!firstOfStage.has(stage)) firstOfStage.set(stage, at);
  const ownBefore = new Map<string, number>();
  const inChain = new Map<string, number>();
  for (const [at, row] of rows.entries()) {
    const key = `${row.stage}:${row.chain}`;
    const failed = (inChain.get(key) ?? 0) + (failing[at] ?? 0);
    inChain.set(key, failed);
    ownBefore.set(row.step, failed);
  }
  return rows
    .filter(({ effect }) => effect === 'irreversible')
    .map(({ step, stage }) => ({
      step,
      // All of the stage and after it, less the step itself and what precedes it in its chain.
      failurePointsLeft: (left[firstOfStage.get(stage) ?? 0] ?? 0) - (ownBefore.get(step) ?? 0),
    }));
}

/** What is undone if the workflow fails at a step. */
export interface UndoList {
  /** Undone for certain if they ran; last first as far as their order is known. */
  readonly undone: readonly string[];
  /** Undone if they have completed by then: they run alongside. */
  readonly perhaps: readonly string[];
  /** Stay done: they cannot be undone. `perhaps` those alongside as well. */
  readonly stay: readonly string[];
}

/** @param step - a failure point, or `completion` for the closing review */
export function undoListAt(table: UndoTable, step: string): UndoList {
  const rows = new Map(table.rows.map((row) => [row.step, row]));
  const row = rows.get(step);
  const over = new Set<string>();
  const pending =
    row === undefined
      ? [...table.last]
      : [...row.waitsFor, ...(row.before === null ? [] : [row.before])];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (over.has(next)) continue;
    over.add(next);
    const found = rows.get(next);
    if (found !== undefined)
      pending.push(...found.waitsFor, ...(found.before === null ? [] : [found.before]));
  }
  const after = row === undefined ? new Set<string>() : followersOf(table, row);
  const newestFirst = table.rows.toReversed();
  const of = (wanted: (row: UndoRow) => boolean, effects: readonly StepEffect[]) =>
    newestFirst
      .filter((each) => effects.includes(each.effect) && wanted(each))
      .map((each) => each.step);
  const isOver = (each: UndoRow) => over.has(each.step);
  const isAlongside = (each: UndoRow) =>
    row !== undefined &&
    each.stage === row.stage &&
    each.chain !== row.chain &&
    !over.has(each.step) &&
    !after.has(each.step) &&
    !excludeEachOther(gatesOf(row), gatesOf(each));
  return {
    undone: of(isOver, ['undoable', 'delegated']),
    perhaps: of(isAlongside, ['undoable', 'delegated']),
    stay: of((each) => isOver(each) || isAlongside(each), ['irreversible']),
  };
}

function gatesOf({ conditions }: UndoRow): readonly Gate[] {
  return conditions.map((condition) => ({ condition, label: '' }));
}

/** Steps of the stage that wait for it. */
function followersOf(table: UndoTable, row: UndoRow): ReadonlySet<string> {
  const after = new Set([row.step]);
  const stage = table.rows.filter((each) => each.stage === row.stage);
  // Rows of a stage stand chain by chain, so that one pass may miss what a later chain hands back to an earlier one.
  for (let grown = true; grown; ) {
    grown = false;
    for (const each of stage) {
      if (after.has(each.step)) continue;
      if (![...each.waitsFor, each.before].some((other) => other !== null && after.has(other)))
        continue;
      after.add(each.step);
      grown = true;
    }
  }
  return after;
}

/**
 * Whether a run can move to another version of its workflow, and where it would stand there. Its record is fed through the new chart: what
 * comes out is a state that chart can be in, with everything the run waits for, or the run does not move. When in doubt it does not.
 */
import type { Json, JsonObject } from '../../plan/json.ts';
import { contextOf, fromStored, toStored } from '../advance.ts';
import type { Effect } from '../events.ts';
import {
  type Case,
  type GivenResult,
  openCase,
  type Reason,
  refuse,
  type Version,
} from './case.ts';
import { schemaMisfit } from './fitting.ts';
import type { Mapping } from './mapping.ts';
import { withStates } from './places.ts';
import { lastRecords } from './record.ts';
import { readGiven, readRecord } from './recorded-outcomes.ts';
import type { Replayed } from './replay.ts';
import type { Code, StandingRun } from './run.ts';
import { carriedCounts, carryContext, compare, type Standing } from './standing.ts';
import { checkUpdates, checkUse, checkValues, walk } from './walk.ts';

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
  return judge(openCase(before, after, run, mapping, code));
}

function isStopping(state: Json): boolean {
  const inside =
    state !== null && typeof state === 'object' ? Reflect.get(state, 'processing') : null;
  return (
    inside === 'draining' || (inside !== null && typeof inside === 'object' && 'draining' in inside)
  );
}

function judge(c: Case): Judgement {
  const run = c.run;
  const data = carryContext(c);
  const { plan } = c.after.index;
  const input = schemaMisfit(c.before.index.plan.input, plan.input, run.input);
  if (input !== null) refuse(c, null, `its input is not one of the new version: ${input}`);
  if (run.status === 'pending')
    return answer(c, () => ({ ...nothing(c, data), snapshot: run.snapshot }));
  readRecord(c);
  readGiven(c);
  const replayed = walk(c);
  if (replayed === null) return answer(c, null);
  checkUse(c, replayed);
  checkValues(c, replayed);
  checkUpdates(c, replayed);
  const standing = compare(c, replayed);
  return answer(c, () => moveTo(c, replayed, standing, data));
}

function answer(c: Case, move: (() => Move) | null): Judgement {
  if (c.reasons.length === 0 && move !== null) return { verdict: 'moves', move: move() };
  const isHopeless = c.reasons.some(({ remedy }) => remedy === null);
  return { verdict: isHopeless ? 'cannot' : 'needs_mapping', reasons: c.reasons };
}

function moveTo(c: Case, replayed: Replayed, standing: Standing, data: JsonObject): Move {
  const { compiled } = c.after;
  const context = carriedCounts(c, contextOf(replayed.snapshot), standing);
  const { value } = toStored(replayed.snapshot);
  const snapshot: JsonObject = {
    value: withStates(compiled.chart, value ?? null, standing.states),
    context: context as unknown as JsonObject,
  };
  const passed = lastRecords(c.run.entries);
  const wasSkipped = new Set(
    [...passed].flatMap(([step, { settles }]) =>
      settles === 'skipped' ? [c.names.get(step)] : [],
    ),
  );
  return {
    ...nothing(c, data),
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

function nothing(c: Case, data: JsonObject): Omit<Move, 'snapshot'> {
  return {
    data,
    names: new Map([...c.names].filter(([from, to]) => from !== to)),
    carried: new Map(),
    withdrawn: [],
    dropped: c.dropped,
    given: c.given,
    skipped: [],
    asked: [],
    begins: [],
    facts: new Map(),
    derived: new Map(),
    milestones: [],
  };
}

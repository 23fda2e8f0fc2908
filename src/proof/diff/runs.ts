/** What becomes of the stored runs of a version when another one takes its place. */

import { compileChart } from '../../chart/advance.ts';
import type { Reason, Version } from '../../chart/moving/case.ts';
import { type Judgement, judgeMove } from '../../chart/moving/judge.ts';
import type { Mapping } from '../../chart/moving/mapping.ts';
import { stepsUnderWay } from '../../chart/moving/places.ts';
import type { Code, StandingRun } from '../../chart/moving/run.ts';
import { nameText, neededNames } from '../../plan/needed-names.ts';
import type { Plan } from '../../plan/plan.ts';
import { indexPlan } from '../../plan/settle.ts';
import { stepChanges } from '../../plan/step-changes.ts';

export type RunVerdict = 'continues' | 'needs_mapping' | 'cannot';

/** Steps that were renamed, and steps that may begin; the results a mapping may give nobody can suggest. */
export type SuggestedMapping = Pick<Mapping, 'steps' | 'perform'>;

export interface JudgedRun {
  readonly runId: string;
  readonly status: StandingRun['status'];
  /** Steps it waits at. */
  readonly at: readonly string[];
  /**
   * `continues`: it goes on without anybody's help, on its version or moved to the new one. `needs_mapping`: it can stay nowhere, but be moved
   * with a mapping. `cannot`: neither.
   */
  readonly verdict: RunVerdict;
  /** Whether the code of the new version has all that the old plan names, and the run can end on the version it is on. */
  readonly stays: boolean;
  /** Names of the old plan that nobody has any more. */
  readonly lacking: readonly string[];
  /** Whether it can be moved: as it is, with a mapping, once its work is done, or not at all. */
  readonly moves: 'as_it_is' | 'with_mapping' | 'when_idle' | 'no';
  /** Why it does not move as it is. */
  readonly reasons: readonly Reason[];
  /** Checked as far as it goes; `null` if there is nothing to suggest. */
  readonly suggestion: SuggestedMapping | null;
}

export interface Upgrade {
  readonly before: Version;
  readonly after: Version;
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
}

export function createUpgrade(before: Plan, after: Plan): Upgrade {
  const version = (plan: Plan): Version => ({
    compiled: compileChart(plan),
    index: indexPlan(plan),
  });
  return {
    before: version(before),
    after: version(after),
    renamed: stepChanges(before, after).renamed,
  };
}

/** What runs on the old plan need and the new one does not name, in words. */
export function missingNames(before: Plan, after: Plan): readonly string[] {
  const known = new Set(neededNames(after).map(nameText));
  return [...new Set(neededNames(before).map(nameText))].filter((name) => !known.has(name));
}

/**
 * @param lacking - what the old plan needs and the code that will run has not, in words
 * @param code - of the new version; `null` if it is not at hand
 */
export function judgeRun(
  upgrade: Upgrade,
  run: StandingRun,
  lacking: readonly string[],
  code: Code | null,
  mapping: Mapping = {},
): JudgedRun {
  const judge = (given: Mapping) => judgeMove(upgrade.before, upgrade.after, run, given, code);
  const asItIs = judge(mapping);
  const reasons = asItIs.verdict === 'moves' ? [] : asItIs.reasons;
  const stays = lacking.length === 0;
  const helped = asItIs.verdict === 'moves' ? null : suggest(upgrade, asItIs, mapping, judge);
  const moves = wayOf(helped?.judgement ?? asItIs, asItIs.verdict === 'moves');
  const snapshotValue = run.snapshot['value'] ?? null;
  return {
    runId: run.runId,
    status: run.status,
    at: [...stepsUnderWay(upgrade.before.compiled.chart, snapshotValue).keys()],
    verdict:
      stays || moves === 'as_it_is'
        ? 'continues'
        : moves === 'with_mapping'
          ? 'needs_mapping'
          : 'cannot',
    stays,
    lacking,
    moves,
    reasons,
    suggestion: helped?.suggestion ?? null,
  };
}

function wayOf({ verdict }: Judgement, asItIs: boolean): JudgedRun['moves'] {
  if (asItIs) return 'as_it_is';
  switch (verdict) {
    case 'moves':
    case 'needs_mapping':
      return 'with_mapping';
    case 'busy':
      return 'when_idle';
    case 'cannot':
    case 'ended':
      return 'no';
    default:
      return verdict satisfies never;
  }
}

interface Suggestion {
  readonly suggestion: SuggestedMapping | null;
  readonly judgement: Judgement;
}

/** Takes up what the judgements say would help, until it does or nothing new is said. */
function suggest(
  { renamed, before }: Upgrade,
  first: Judgement,
  mapping: Mapping,
  judge: (mapping: Mapping) => Judgement,
): Suggestion {
  const known = new Set(Object.keys(mapping.steps ?? {}));
  const renames = renamed.filter(({ from }) => !known.has(from) && before.index.nodes.has(from));
  const steps = Object.fromEntries(renames.map(({ from, to }) => [from, to]));
  let best: Suggestion = { suggestion: null, judgement: first };
  let candidate: SuggestedMapping = renames.length === 0 ? {} : { steps };
  for (let round = 0; round < 4; round += 1) {
    const judgement = judge(merged(mapping, candidate));
    const isBetter = rank(judgement) > rank(best.judgement) || best.suggestion !== null;
    if (isBetter && Object.keys(candidate).length > 0) best = { suggestion: candidate, judgement };
    if (judgement.verdict === 'moves' || judgement.verdict === 'busy') break;
    if (judgement.verdict === 'ended') break;
    const more = judgement.reasons.flatMap(({ step, remedy }) =>
      remedy === 'perform' && step !== null ? [step] : [],
    );
    const perform = [...new Set([...(candidate.perform ?? []), ...more])];
    if (perform.length === (candidate.perform?.length ?? 0)) break;
    candidate = { ...candidate, perform };
  }
  return best;
}

function rank({ verdict }: Judgement): number {
  return verdict === 'moves' ? 2 : verdict === 'needs_mapping' ? 1 : 0;
}

function merged(mapping: Mapping, suggestion: SuggestedMapping): Mapping {
  return {
    ...mapping,
    steps: { ...suggestion.steps, ...mapping.steps },
    perform: [...(mapping.perform ?? []), ...(suggestion.perform ?? [])],
  };
}

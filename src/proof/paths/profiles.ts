/**
 * Few sets of answers under which every guard goes both ways. Walking the chart once under each replaces walking it under every combination,
 * of which there are 2 to the power of the number of conditions.
 */
import { type Condition, isStep, type Plan } from '../../plan/plan.ts';
import { type Assignment, casesOf, createAssignmentSearch, merge } from './assignments.ts';

/** Answers of the author's functions during one walk. */
export interface Profile {
  predicate(id: string): boolean;
  /** Case of a choice by a field. */
  choice(id: string): string;
}

/** Profiles beyond this many are not walked. */
const maxProfiles = 64;

/** The first says yes to everything. */
export function profilesOf(plan: Plan): readonly Profile[] {
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  const search = createAssignmentSearch(nodes);
  const wanted: (readonly Assignment[])[] = [];
  const approvals: Condition[] = [];
  for (const node of plan.nodes) {
    if (!isStep(node)) {
      if (node.kind === 'choice')
        for (const name of casesOf(node))
          wanted.push(search.solve({ choice: node.id, is: name }, true));
      continue;
    }
    const own = node.gates;
    if (own.length > 0) wanted.push(search.gates(own, true), search.gates(own, false));
    if (node.kind === 'review' && node.approve.by === 'guard')
      for (const open of [true, false])
        wanted.push(
          search.solve(
            {
              all: [
                ...own.map(({ condition }) => condition),
                open ? node.approve.condition : { not: node.approve.condition },
              ],
            },
            true,
          ),
        );
  }
  if (plan.finish.approve.by === 'guard') approvals.push(plan.finish.approve.condition);
  for (const condition of approvals)
    wanted.push(search.solve(condition, true), search.solve(condition, false));
  return packed(wanted).map((answers) => toProfile(plan, answers));
}

/** Requirements that do not contradict each other share a profile. */
function packed(wanted: readonly (readonly Assignment[])[]): readonly Assignment[] {
  const profiles: Assignment[] = [new Map()];
  for (const alternatives of wanted) {
    if (alternatives.length === 0) continue;
    const place = firstFit(profiles, alternatives);
    if (place !== null) profiles[place.index] = place.merged;
    else if (profiles.length < maxProfiles) profiles.push(alternatives[0] ?? new Map());
  }
  return profiles;
}

function firstFit(
  profiles: readonly Assignment[],
  alternatives: readonly Assignment[],
): { readonly index: number; readonly merged: Assignment } | null {
  for (const [index, profile] of profiles.entries()) {
    for (const alternative of alternatives) {
      // What is not answered yet is answered yes in the first one.
      if (
        index === 0 &&
        [...alternative].some(([id, answer]) => answer === false && !profile.has(id))
      )
        continue;
      const merged = merge(profile, alternative);
      if (merged !== null) return { index, merged };
    }
  }
  return null;
}

function toProfile(plan: Plan, answers: Assignment): Profile {
  const first = new Map(
    plan.nodes.flatMap((node) =>
      node.kind === 'choice' ? [[node.id, casesOf(node)[0] ?? ''] as const] : [],
    ),
  );
  return {
    predicate: (id) => answers.get(id) !== false,
    choice: (id) => String(answers.get(id) ?? first.get(id) ?? ''),
  };
}

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
  const both = (alternatives: readonly Assignment[]) => wanted.push(alternatives);
  const approvals: { readonly before: readonly Condition[]; readonly condition: Condition }[] = [];
  const stops = plan.nodes.flatMap((node) =>
    node.kind === 'fail' ? search.gates(node.gates, true) : [],
  );
  const isStopped = (answers: Assignment) =>
    stops.some((stop) => [...stop].every(([id, answer]) => answers.get(id) === answer));
  for (const node of plan.nodes) {
    const before = node.gates.map(({ condition }) => condition);
    if (node.kind === 'choice')
      for (const name of casesOf(node)) both(search.solve({ choice: node.id, is: name }, true));
    if (!isStep(node)) continue;
    if (before.length > 0) {
      both(search.gates(node.gates, true));
      both(search.gates(node.gates, false));
    }
    if (node.kind === 'review' && node.approve.by === 'guard')
      approvals.push({ before, condition: node.approve.condition });
  }
  const { approve } = plan.finish;
  if (approve.by === 'guard') approvals.push({ before: [], condition: approve.condition });
  for (const { before, condition } of approvals) {
    both(search.solve({ all: [...before, condition] }, true));
    both(search.solve({ all: [...before, { not: condition }] }, true));
  }
  return packed(wanted, isStopped).map((answers) => toProfile(plan, answers));
}

/**
 * Requirements that do not contradict each other share a profile; one under which the run fails by itself has one alone, since nothing else
 * is to be seen then.
 */
function packed(
  wanted: readonly (readonly Assignment[])[],
  isStopped: (answers: Assignment) => boolean,
): readonly Assignment[] {
  const shared: Assignment[] = [new Map()];
  const alone: Assignment[] = [];
  for (const alternatives of wanted) {
    const going = alternatives.filter((answers) => !isStopped(answers));
    const place = firstFit(shared, going, isStopped);
    if (place !== null) shared[place.index] = place.merged;
    else if (going[0] !== undefined) shared.push(going[0]);
    else if (alternatives[0] !== undefined) alone.push(alternatives[0]);
  }
  return [...shared, ...alone].slice(0, maxProfiles);
}

function firstFit(
  profiles: readonly Assignment[],
  alternatives: readonly Assignment[],
  isStopped: (answers: Assignment) => boolean,
): { readonly index: number; readonly merged: Assignment } | null {
  for (const [index, profile] of profiles.entries()) {
    for (const alternative of alternatives) {
      // What is not answered yet is answered yes in the first one.
      const isNo = [...alternative].some(([id, answer]) => answer === false && !profile.has(id));
      const merged = index === 0 && isNo ? null : merge(profile, alternative);
      if (merged !== null && !isStopped(merged)) return { index, merged };
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

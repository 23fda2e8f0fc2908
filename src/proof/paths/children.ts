/** Child workflows on a path: each takes its main line. */
import type { Plan } from '../../plan/plan.ts';
import { createGraph } from './graph.ts';
import { type Profile, profilesOf } from './profiles.ts';
import { createWalk, statusIn } from './walk.ts';
import type { Predict, Walk, WalkState } from './walk-state.ts';

interface ChildOptions {
  /** Plans of child workflows, `name@version`. */
  readonly children?: ReadonlyMap<string, Plan>;
  readonly predict?: Predict;
}

interface MainLine {
  readonly done: WalkState['done'];
  /** It ends in the transition that starts it. */
  readonly isOne: boolean;
}

const nothing: MainLine = { done: [], isOne: false };

/** Workflows whose main line is being looked for, `name@version`, and what to do when one of them calls itself. */
interface Under {
  readonly callers: ReadonlySet<string>;
  onCircle(): void;
}

/** What the walk of a plan asks of its children; a child whose plan is missing leaves nothing to undo. */
export function childrenOf(
  plan: Plan,
  options: ChildOptions,
  under: Under = { callers: new Set(), onCircle: () => {} },
): Pick<Walk, 'inChild' | 'endsAtOnce'> {
  const known = new Map<string, MainLine>();
  const lineOf = (step: string): MainLine => {
    const node = plan.nodes.find(({ id }) => id === step);
    const called = node?.kind === 'child' ? `${node.workflow}@${node.version}` : '';
    if (under.callers.has(called)) {
      under.onCircle();
      return nothing;
    }
    const child = options.children?.get(called);
    const line =
      known.get(step) ??
      (child === undefined ? nothing : mainLineOf(child, options, under.callers));
    known.set(step, line);
    return line;
  };
  return {
    inChild: (step) => lineOf(step).done,
    endsAtOnce: (step) => lineOf(step).isOne,
  };
}

/** How a child goes: under the first set of answers with which it does not call itself, if there is one. */
export function mainLineOf(
  plan: Plan,
  options: ChildOptions,
  callers: ReadonlySet<string> = new Set(),
): MainLine {
  const inside = new Set([...callers, `${plan.name}@${plan.version}`]);
  let first: MainLine | null = null;
  for (const profile of profilesOf(plan)) {
    let isCircle = false;
    const onCircle = () => {
      isCircle = true;
    };
    const line = lineUnder(plan, profile, childrenOf(plan, options, { callers: inside, onCircle }));
    if (!isCircle) return line;
    first ??= line;
  }
  return first ?? nothing;
}

function lineUnder(
  plan: Plan,
  profile: Profile,
  children: Pick<Walk, 'inChild' | 'endsAtOnce'>,
): MainLine {
  const walk = createWalk(plan, profile, () => undefined, children);
  let state = createGraph(walk, { order: 'forward', maxDetours: 0, maxStates: 1 }).start;
  let moves = 0;
  while (statusIn(state.at) !== 'complete') {
    const [next] = state.offers();
    if (next === undefined) break;
    state = state.after(next);
    moves += 1;
  }
  return { done: state.at.done, isOne: moves === 1 };
}

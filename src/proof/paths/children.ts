/** Child workflows on a path: each takes its main line. */
import type { Plan } from '../../plan/plan.ts';
import { createGraph } from './graph.ts';
import { profilesOf } from './profiles.ts';
import { createWalk, statusIn } from './walk.ts';
import type { Predict, Walk, WalkState } from './walk-state.ts';

interface ChildOptions {
  /** Plans of child workflows, `name@version`. */
  readonly children?: ReadonlyMap<string, Plan>;
  readonly predict?: Predict;
}

/** What the walk of a plan asks of its children; a child whose plan is missing leaves nothing to undo. */
export function childrenOf(
  plan: Plan,
  options: ChildOptions,
): Pick<Walk, 'inChild' | 'endsAtOnce'> {
  const known = new Map<string, MainLine>();
  const lineOf = (step: string): MainLine => {
    const node = plan.nodes.find(({ id }) => id === step);
    const child =
      node?.kind === 'child'
        ? options.children?.get(`${node.workflow}@${node.version}`)
        : undefined;
    const line = known.get(step) ?? (child === undefined ? nothing : mainLine(child, options));
    known.set(step, line);
    return line;
  };
  return {
    inChild: (step) => lineOf(step).done,
    endsAtOnce: (step) => lineOf(step).isOne,
  };
}

interface MainLine {
  readonly done: WalkState['done'];
  /** It ends in the transition that starts it. */
  readonly isOne: boolean;
}

const nothing: MainLine = { done: [], isOne: false };

function mainLine(plan: Plan, options: ChildOptions): MainLine {
  const [profile] = profilesOf(plan);
  if (profile === undefined) return nothing;
  const walk = createWalk(plan, profile, () => undefined, childrenOf(plan, options));
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

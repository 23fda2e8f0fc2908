/** What a simulation assumes of the world: durations, failures, people, arrivals. */
import { z } from 'zod';
import { SignalboxError } from '../errors.ts';
import type { Plan, PlanNode, PredicateNode, StepNode } from '../plan/plan.ts';
import { Distribution } from './distribution.ts';

const Rate = z.number().min(0).max(1);
const Size = z.number().int().min(1).max(100_000);

const StepModel = z.strictObject({
  /** Of one attempt, or of a child that is not simulated itself. */
  duration: Distribution.optional(),
  /** Attempts that fail and may be tried again. */
  failureRate: Rate.optional(),
  /** Attempts after which no other one is made. */
  fatalRate: Rate.optional(),
  undo: Distribution.optional(),
  undoFailureRate: Rate.optional(),
  /** Of a map: how many. */
  items: z.number().int().min(0).max(10_000).optional(),
});

const ReviewModel = z.strictObject({
  /** Until somebody turns to it; nobody is busy meanwhile. */
  delay: Distribution.optional(),
  /** How long it keeps a reviewer busy. */
  work: Distribution.optional(),
  approvalRate: Rate.optional(),
});

const EventModel = z.strictObject({
  delay: Distribution.optional(),
  /** How often it comes at all. */
  rate: Rate.optional(),
});

export const Model = z.strictObject({
  /** Of every step that `steps` says nothing of. */
  default: StepModel.optional(),
  steps: z.record(z.string(), StepModel).optional(),
  /** By step; `completion` is the closing review. */
  reviews: z.record(z.string(), ReviewModel).optional(),
  /** By step that waits. */
  events: z.record(z.string(), EventModel).optional(),
  /** How often a condition holds, by its label. */
  conditions: z.record(z.string(), Rate).optional(),
  /** How often each case of a choice is taken, by id and case; any scale. */
  choices: z.record(z.string(), z.record(z.string(), z.number().min(0))).optional(),
  /** Attempts side by side, by queue. Not named: without limit. */
  workers: z.record(z.string(), Size).optional(),
  /** People who decide reviews. Default: as many as it takes. */
  reviewers: Size.optional(),
  /** Time between two starts. Without it runs do not meet. */
  arrivals: Distribution.optional(),
});
export type Model = z.output<typeof Model>;
export type StepModel = z.output<typeof StepModel>;

/** @throws SignalboxError `INPUT_INVALID` with the path of what is wrong, or if the plan has no such step, condition or choice */
export function parseModel(given: unknown, plan: Plan): Model {
  const parsed = Model.safeParse(given);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(
      ({ path, message }) => `${path.map(String).join('.') || 'model'}: ${message}`,
    );
    throw refusal(plan, issues);
  }
  const unknown = unknownNames(parsed.data, plan);
  if (unknown.length > 0) throw refusal(plan, unknown);
  return parsed.data;
}

function refusal(plan: Plan, issues: readonly string[]): SignalboxError {
  return new SignalboxError(
    'INPUT_INVALID',
    `Model of workflow "${plan.name}": ${issues.join('; ')}`,
    {
      details: { workflow: plan.name, issues },
    },
  );
}

function unknownNames(model: Model, plan: Plan): readonly string[] {
  const ids = new Set([...plan.nodes.map(({ id }) => id), 'completion', ...partsOf(plan)]);
  const labels = new Set(
    plan.nodes.flatMap((node) => (node.kind === 'predicate' ? [node.label] : [])),
  );
  const missing = (section: string, names: object | undefined, known: ReadonlySet<string>) =>
    Object.keys(names ?? {})
      .filter((name) => !known.has(name))
      .map(
        (name) =>
          `${section}.${name}: there is none in the workflow, which has ${[...known].join(', ') || 'none at all'}`,
      );
  return [
    ...missing('steps', model.steps, ids),
    ...missing('reviews', model.reviews, ids),
    ...missing('events', model.events, ids),
    ...missing('choices', model.choices, ids),
    ...missing('conditions', model.conditions, labels),
  ];
}

/** Steps inside maps: `map/task`. */
function partsOf(plan: Plan): readonly string[] {
  return plan.nodes.flatMap((node) =>
    node.kind === 'map' ? node.body.map(({ id }) => `${node.id}/${id}`) : [],
  );
}

/** The second counts where both say something. */
export function mergeModels(first: Model, second: Model): Model {
  return {
    ...first,
    ...second,
    steps: { ...first.steps, ...second.steps },
    reviews: { ...first.reviews, ...second.reviews },
    events: { ...first.events, ...second.events },
    conditions: { ...first.conditions, ...second.conditions },
    choices: { ...first.choices, ...second.choices },
    workers: { ...first.workers, ...second.workers },
  };
}

/** What nobody has said and the simulation takes for granted, in words. */
export function assumptionsOf(plan: Plan, model: Model): readonly string[] {
  const said: string[] = [];
  for (const node of plan.nodes) said.push(...assumedOf(node, plan, model));
  const { finish } = plan;
  if (finish.approve.by !== 'automatic') said.push(...assumedOfReview('completion', model));
  if (plan.nodes.some((node) => node.kind === 'task' && node.call.breaker !== undefined))
    said.push('circuit breakers stay closed');
  return said;
}

function assumedOf(node: PlanNode, plan: Plan, model: Model): readonly string[] {
  const own = stepModelOf(model, node.id);
  switch (node.kind) {
    case 'task': {
      const duration =
        own.duration === undefined
          ? [
              `"${node.id}" takes ${node.expectedMs === undefined ? 'no time' : `${node.expectedMs} ms, as declared`}`,
            ]
          : [];
      const failure =
        own.failureRate === undefined && own.fatalRate === undefined
          ? [`"${node.id}" never fails`]
          : [];
      return [...duration, ...failure];
    }
    case 'map':
      return own.items === undefined ? [`"${node.id}" has one item`] : [];
    case 'review':
      return node.approve.by === 'automatic' ? [] : assumedOfReview(node.id, model);
    case 'wait':
      return model.events?.[node.id] === undefined ? [`"${node.event}" comes at once`] : [];
    case 'predicate':
      return model.conditions?.[node.label] === undefined && !isOfEnding(node, plan)
        ? [`"${node.label}" holds in half of the runs`]
        : [];
    case 'choice':
      return 'field' in node.by && model.choices?.[node.id] === undefined
        ? [`the cases of "${node.id}" are equally frequent`]
        : [];
    default:
      return [];
  }
}

/** What it reads says how a step ended, which the simulation knows. */
function isOfEnding({ of }: PredicateNode, plan: Plan): boolean {
  const source = of.kind === 'ref' ? plan.nodes.find(({ id }) => id === of.of) : undefined;
  return source?.kind === 'review' || (source?.kind === 'task' && source.tolerate !== undefined);
}

function assumedOfReview(step: string, model: Model): readonly string[] {
  const own = model.reviews?.[step];
  return [
    ...(own?.delay === undefined && own?.work === undefined
      ? [`"${step}" is decided at once`]
      : []),
    ...(own?.approvalRate === undefined ? [`"${step}" is always approved`] : []),
  ];
}

export function stepModelOf(model: Model, step: StepNode['id']): StepModel {
  return { ...model.default, ...model.steps?.[step] };
}

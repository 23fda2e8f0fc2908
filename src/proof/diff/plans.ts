import { planHash } from '../../plan/hash.ts';
import { isStep, type Plan } from '../../plan/plan.ts';
import { canonicalText, substanceOf } from '../../plan/renaming.ts';
import { type StepChanges, stepChanges } from '../../plan/step-changes.ts';
import { type ChartDiff, diffCharts } from './charts.ts';
import { diffSchemas, type SchemaDiff } from './schemas.ts';

export interface PlanIdentity {
  readonly name: string;
  readonly version: number;
  readonly hash: string;
}

export interface PlanDiff {
  readonly before: PlanIdentity;
  readonly after: PlanIdentity;
  /** Their structure is the same, whatever their descriptions say. */
  readonly isSame: boolean;
  readonly steps: StepChanges;
  readonly chart: ChartDiff;
  readonly schemas: readonly SchemaDiff[];
  /** Predicates, derived values, choices and the like, by id. */
  readonly values: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly string[];
  };
  /** Fields of the workflow itself that differ: `onFailure`, `finish`, `timeoutMs`. */
  readonly settings: readonly string[];
}

const elsewhere: ReadonlySet<string> = new Set([
  'description',
  'format',
  'hash',
  'input',
  'name',
  'nodes',
  'owner',
  'sensitiveInput',
  'sensitiveOutput',
  'version',
]);

/** What changed between two versions of a workflow, in its steps, its states and its schemas. */
export function diffPlans(before: Plan, after: Plan): PlanDiff {
  const steps = stepChanges(before, after);
  const names = new Map(steps.renamed.map(({ from, to }) => [from, to]));
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const differs = (key: string) =>
    canonicalText(Reflect.get(before, key)) !== canonicalText(Reflect.get(after, key));
  return {
    before: identityOf(before),
    after: identityOf(after),
    isSame: planHash({ ...before, version: 0 }) === planHash({ ...after, version: 0 }),
    steps,
    chart: diffCharts(before, after),
    schemas: diffSchemas(before, after, names),
    values: diffValues(before, after, names),
    settings: keys.filter((key) => !elsewhere.has(key) && differs(key)),
  };
}

function identityOf({ name, version, hash }: Plan): PlanIdentity {
  return { name, version, hash };
}

function diffValues(
  before: Plan,
  after: Plan,
  names: ReadonlyMap<string, string>,
): PlanDiff['values'] {
  const valuesOf = (plan: Plan) =>
    new Map(plan.nodes.flatMap((node) => (isStep(node) ? [] : [[node.id, node] as const])));
  const [old, now] = [valuesOf(before), valuesOf(after)];
  const kept = [...old.values()].flatMap((node) => {
    const other = now.get(node.id);
    return other === undefined || substanceOf(node, names) === substanceOf(other) ? [] : [node.id];
  });
  return {
    added: [...now.keys()].filter((id) => !old.has(id)),
    removed: [...old.keys()].filter((id) => !now.has(id)),
    changed: kept,
  };
}

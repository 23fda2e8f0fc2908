/** Which workflows this process knows, and the chart and functions a run goes on with. */
import { type CompiledChart, compileChart } from '../chart/advance.ts';
import { SignalboxError } from '../errors.ts';
import { modeOf } from '../plan/mode.ts';
import { type NeededName, nameText, neededNames } from '../plan/needed-names.ts';
import type { Plan, RunMode } from '../plan/plan.ts';
import { indexPlan, type PlanIndex } from '../plan/settle.ts';
import type { Bindings, RunnableWorkflow } from '../ports/bindings.ts';
import type { RunHeader, Store } from '../ports/store.ts';

/** A workflow, with the module that defines it where the caller knows it: isolated and remote workers import it again. */
export type WorkflowSource =
  | RunnableWorkflow
  | { readonly workflow: RunnableWorkflow; readonly module: URL };

/** A plan ready to run: chart, index and the functions it names. */
export interface Definition {
  readonly plan: Plan;
  readonly compiled: CompiledChart;
  readonly index: PlanIndex;
  readonly bindings: Bindings;
  readonly mode: RunMode;
}

export interface Catalogue {
  /** Every registered workflow, children included, newest version of a name first. */
  readonly workflows: readonly RunnableWorkflow[];
  /** @throws SignalboxError `WORKFLOW_UNKNOWN` */
  newest(name: string): RunnableWorkflow;
  find(name: string, version: number): RunnableWorkflow | null;
  /** Module that defines a workflow, if it was registered with one. */
  moduleOf(name: string, version: number): URL | null;
  startedBy(event: string): readonly RunnableWorkflow[];
  define(workflow: RunnableWorkflow): Definition;
  /**
   * What an existing run goes on with: the plan it started on, with today's functions.
   *
   * @throws SignalboxError `DEFINITION_MISSING` if the workflow or a function its plan names is not registered
   */
  definitionOf(header: RunHeader): Definition | Promise<Definition>;
  /** The chart of any plan, also of one whose functions nobody has. */
  chartOf(plan: Plan): CompiledChart;
  /** What a run with this plan needs and this process does not have, in words. */
  lacking(plan: Plan): readonly string[];
  /** Whether attempts of its runs go through a queue here. */
  modeOf(plan: Plan): RunMode;
  /**
   * Puts other workflows in the place of all that are registered. Runs stay on the plan they are on; their next attempt uses the new functions, unless
   * their plan names something these have not: then the functions of before stay theirs.
   *
   * @throws SignalboxError `DEFINITION_INVALID`; nothing is changed then
   */
  replace(sources: readonly WorkflowSource[]): void;
}

export function createCatalogue(
  sources: readonly WorkflowSource[],
  store: Pick<Store, 'plan'>,
  choose: (plan: Plan) => RunMode = modeOf,
): Catalogue {
  let { byName, modules } = registered(sources);
  const definitions = new Map<string, { -readonly [K in keyof Definition]: Definition[K] }>();
  const charts = new Map<string, CompiledChart>();
  const modes = new WeakMap<Plan, RunMode>();

  const chartOf = (plan: Plan): CompiledChart => {
    const chart = charts.get(plan.hash) ?? compileChart(plan);
    charts.set(plan.hash, chart);
    return chart;
  };

  const runMode = (plan: Plan): RunMode => {
    const mode = modes.get(plan) ?? choose(plan);
    modes.set(plan, mode);
    return mode;
  };

  const define = (plan: Plan, bindings: Bindings): Definition => {
    const known = definitions.get(`${plan.name}@${plan.version}#${plan.hash}`);
    if (known !== undefined) return known;
    const definition = {
      plan,
      compiled: chartOf(plan),
      index: indexPlan(plan),
      bindings,
      mode: runMode(plan),
    };
    definitions.set(`${plan.name}@${plan.version}#${plan.hash}`, definition);
    return definition;
  };

  const current = (name: string, version: number): RunnableWorkflow | undefined => {
    const versions = byName.get(name) ?? [];
    return versions.find((workflow) => workflow.version === version) ?? versions[0];
  };

  const catalogue: Catalogue = {
    get workflows() {
      return [...byName.values()].flat();
    },
    newest(name) {
      const workflow = byName.get(name)?.[0];
      if (workflow === undefined) {
        throw new SignalboxError(
          'WORKFLOW_UNKNOWN',
          `No workflow "${name}" is registered; there are: ${[...byName.keys()].sort().join(', ') || 'none'}`,
          {
            details: { workflow: name },
          },
        );
      }
      return workflow;
    },
    find: (name, version) =>
      byName.get(name)?.find((workflow) => workflow.version === version) ?? null,
    moduleOf: (name, version) => modules.get(key(name, version)) ?? null,
    startedBy: (event) =>
      [...byName.values()].flatMap(([newest]) =>
        newest?.plan.startOn.includes(event) === true ? [newest] : [],
      ),
    define: (workflow) => define(workflow.plan, workflow.bindings),
    definitionOf(header) {
      const known = definitions.get(`${header.workflow}@${header.version}#${header.planHash}`);
      if (known !== undefined) return known;
      const same = current(header.workflow, header.version);
      if (same === undefined)
        throw missing(header, `no workflow "${header.workflow}" is registered`);
      if (same.plan.hash === header.planHash && same.version === header.version)
        return define(same.plan, same.bindings);
      return store.plan(header.workflow, header.version, header.planHash).then((plan) => {
        if (plan === null) throw planMissing(header);
        const lacking = lackingNames(plan, same.bindings);
        if (lacking.length > 0)
          throw missing(
            header,
            `version ${header.version} of the workflow needs ${lacking.join(', ')}`,
          );
        return define(plan, same.bindings);
      });
    },
    chartOf,
    modeOf: runMode,
    replace(others) {
      ({ byName, modules } = registered(others));
      for (const definition of definitions.values()) {
        const { plan } = definition;
        const same = current(plan.name, plan.version);
        if (same === undefined) continue;
        const isSame = same.plan.hash === plan.hash && same.version === plan.version;
        if (isSame || lackingNames(plan, same.bindings).length === 0)
          definition.bindings = same.bindings;
      }
    },
    lacking(plan) {
      const same = current(plan.name, plan.version);
      if (same === undefined) return [`workflow "${plan.name}"`];
      return same.plan.hash === plan.hash ? [] : lackingNames(plan, same.bindings);
    },
  };
  return catalogue;
}

interface Registered {
  /** Newest version first. */
  readonly byName: ReadonlyMap<string, readonly RunnableWorkflow[]>;
  readonly modules: ReadonlyMap<string, URL>;
}

function key(name: string, version: number): string {
  return `${name}@${version}`;
}

/** @throws SignalboxError `DEFINITION_INVALID` if two different workflows have the same name and version */
function registered(sources: readonly WorkflowSource[]): Registered {
  const byName = new Map<string, RunnableWorkflow[]>();
  const modules = new Map<string, URL>();
  const seen = new Set<RunnableWorkflow>();
  const register = (workflow: RunnableWorkflow, module: URL | null): void => {
    const versions = byName.get(workflow.name) ?? [];
    const known = versions.find((other) => other.version === workflow.version);
    if (module !== null) modules.set(key(workflow.name, workflow.version), module);
    // Workflows may be children of themselves.
    if (seen.has(workflow)) return;
    seen.add(workflow);
    if (known !== undefined && known.plan.hash !== workflow.plan.hash) {
      throw new SignalboxError(
        'DEFINITION_INVALID',
        `Two different workflows are called "${workflow.name}" version ${workflow.version}`,
        {
          details: { workflow: workflow.name, version: workflow.version },
          hint: 'Raise the version of the changed one',
        },
      );
    }
    if (known === undefined) versions.push(workflow);
    versions.sort((a, b) => b.version - a.version);
    byName.set(workflow.name, versions);
    for (const child of workflow.bindings.children.values()) register(child, module);
  };
  for (const source of sources) {
    if ('workflow' in source) register(source.workflow, source.module);
    else register(source, null);
  }
  return { byName, modules };
}

export function planMissing(header: RunHeader): SignalboxError {
  const { version, planHash } = header;
  return missing(header, `the store has no plan of version ${version} (${planHash.slice(0, 12)})`);
}

function missing(header: RunHeader, why: string): SignalboxError {
  return new SignalboxError('DEFINITION_MISSING', `Run "${header.id}" cannot go on: ${why}`, {
    details: { runId: header.id, workflow: header.workflow, version: header.version },
    hint: 'Register the workflow again with these names; the run waits meanwhile',
  });
}

/** Functions a plan names that today's code does not have. */
export function lackingNames(plan: Plan, bindings: Bindings): readonly string[] {
  const known: { readonly [kind in NeededName['kind']]: (name: string) => boolean } = {
    task: (name) => bindings.tasks.has(name),
    predicate: (label) => bindings.predicates.has(`?${label}`),
    mapper: (name) => bindings.mappers.has(name),
    workflow: (name) => bindings.children.has(name),
    event: (name) => bindings.events.has(name),
    'form of review': (name) => bindings.forms.has(name),
    'context key': (name) => bindings.context.has(name),
    reducer: (name) => bindings.reducers.has(name),
  };
  return neededNames(plan)
    .filter(({ kind, name }) => !known[kind](name))
    .map(nameText);
}

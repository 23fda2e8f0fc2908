/** Calls about workflows: what they are, what is proved of them, what became of their versions. */
import { fileURLToPath } from 'node:url';
import { countVerdicts, createJudge, isOn } from '../../analysis/judged-runs.ts';
import { observeRuns } from '../../analysis/observed-runs.ts';
import { pageProofs } from '../../analysis/page-proofs.ts';
import { ruleTitles } from '../../analysis/rule-titles.ts';
import { simulationOf } from '../../analysis/simulated-workflow.ts';
import { coverWith, pathsOf } from '../../analysis/store-coverage.ts';
import { api } from '../../api/api.ts';
import { changeRows } from '../../diagram/change-rows.ts';
import { drawChange } from '../../diagram/draw.ts';
import { combine, noOverlay, type Overlay } from '../../diagram/overlay.ts';
import { processPage } from '../../diagram/process-page.ts';
import { createCatalogue } from '../../engine/catalogue.ts';
import { SignalboxError } from '../../errors.ts';
import type { Orchestrator } from '../../orchestrator.ts';
import type { Plan } from '../../plan/plan.ts';
import type { RunnableWorkflow } from '../../ports/bindings.ts';
import { check } from '../../proof/check/check.ts';
import { type CheckReport, limits } from '../../proof/check/report.ts';
import { diffPlans } from '../../proof/diff/plans.ts';
import type { PathReport } from '../../proof/paths/paths.ts';
import { modelFrom } from '../../simulation/learn.ts';
import { mergeModels, parseModel } from '../../simulation/model.ts';
import { drawSimulation } from '../../simulation/picture.ts';
import type { Bind } from '../bind.ts';
import { shownFile, shownPlace } from '../code.ts';
import type { DefinitionsChange } from '../definitions.ts';
import type { ServiceParts } from '../parts.ts';
import { byWorkflow, type CountsByStatus, countByPlan } from './counts.ts';
import {
  describeEvents,
  describeReviews,
  describeSensitive,
  describeStep,
  stepsOf,
} from './describe.ts';
import { createDrawings, overlayOfFinding, overlayOfHeat, overlayOfNames } from './drawing.ts';
import { examplesOf } from './examples.ts';
import { findRegistered, findVersion, registeredVersions } from './find-version.ts';
import { createMemo } from './memo.ts';
import { createSimulator } from './simulator.ts';

/** Runs a heat map or a simulation learns from, at most. */
const maxRunsLookedAt = 1_000;
const unfinished = ['pending', 'processing', 'waiting_review', 'compensating'] as const;

export function serveWorkflows(bind: Bind, parts: ServiceParts): void {
  const { orchestrator, store } = parts;
  const drawings = createDrawings();
  const simulator = createSimulator();
  const checks = createMemo<CheckReport>(200);
  const testPaths = createMemo<Promise<PathReport>>(50);
  const keyOf = ({ name, version, plan }: RunnableWorkflow) => `${name}@${version}#${plan.hash}`;
  const checkOf = (workflow: RunnableWorkflow) =>
    checks.get(keyOf(workflow), () => check(workflow));

  async function coverageOf(workflow: RunnableWorkflow, withPaths: boolean, maxRuns: number) {
    const paths = withPaths ? await testPaths.get(keyOf(workflow), () => pathsOf(workflow)) : null;
    return coverWith(store, workflow, paths, maxRuns);
  }

  function summaryOf(workflow: RunnableWorkflow, runs: CountsByStatus) {
    const { name, version, plan } = workflow;
    const module = orchestrator.moduleOf(name, version);
    return {
      name,
      version,
      hash: plan.hash,
      versions: registeredVersions(parts, name).map((other) => other.version),
      description: plan.description ?? null,
      owner: plan.owner ?? null,
      startOn: plan.startOn,
      module: module === null ? null : shownFile(fileURLToPath(module)),
      code: shownPlace(workflow.code?.workflow() ?? null),
      runs,
    };
  }

  bind(api.workflows.list, async () => {
    const counts = byWorkflow(await store.count({}));
    const names = [...new Set(orchestrator.workflows.map(({ name }) => name))].sort();
    return {
      workflows: names.map((name) => {
        const workflow = findRegistered(parts, name, undefined);
        return {
          ...summaryOf(workflow, counts.get(name) ?? {}),
          steps: stepsOf(workflow.plan).length,
          reviews: describeReviews(workflow.plan).length,
        };
      }),
      problems: parts.definitions?.problems ?? [],
      change: changeOf(parts.definitions?.change ?? null),
    };
  });

  bind(api.workflows.get, async ({ params, query }) => {
    const workflow = findRegistered(parts, params.workflow, query.version);
    const { name, version, plan } = workflow;
    const counts = byWorkflow(await store.count({ workflow: name }));
    return {
      ...summaryOf(workflow, counts.get(name) ?? {}),
      input: plan.input,
      examples: await examplesOf(workflow, orchestrator.moduleOf(name, version)),
      steps: stepsOf(plan).map((step) => describeStep(step, workflow.code)),
      reviews: describeReviews(plan),
      events: describeEvents(plan),
      sensitive: describeSensitive(plan),
      timeoutMs: plan.timeoutMs ?? null,
      onFailure: plan.onFailure,
      plan: JSON.parse(JSON.stringify(plan)),
    };
  });

  bind(api.workflows.drawing, async ({ params, query }) => {
    const { plan, workflow } = await findVersion(parts, params.workflow, query.plan);
    const { theme, highlight, rule, finding, heat, since } = query;
    if (since !== undefined) {
      const before = await findVersion(parts, params.workflow, since);
      const runsAt = await standingAt(orchestrator, before.plan);
      return { svg: await drawChange(before.plan, plan, { view: query.view, theme, runsAt }) };
    }
    const overlays: Overlay[] = [];
    if (heat !== undefined) {
      const { report } = await coverageOf(
        coded(workflow, params.workflow, query.plan),
        heat === 'tests',
        heat === 'runs' ? maxRunsLookedAt : 0,
      );
      overlays.push(overlayOfHeat(plan, report, heat));
    }
    if (highlight !== undefined) overlays.push(overlayOfNames(plan, highlight));
    if (rule !== undefined) {
      const report = checkOf(coded(workflow, params.workflow, query.plan));
      overlays.push(overlayOfFinding(plan, report, rule, finding ?? 0));
    }
    const overlay = overlays.length === 0 ? noOverlay : overlays.reduce(combine);
    const view = heat === undefined ? query.view : 'states';
    return { svg: await drawings(plan, { view, theme, overlay }) };
  });

  bind(api.workflows.page, ({ params, query }) => {
    const workflow = findRegistered(parts, params.workflow, query.version);
    const pictures = { steps: `${workflow.name}.svg`, states: `${workflow.name}.states.svg` };
    const proofs = pageProofs(workflow, checkOf(workflow));
    return { markdown: processPage(workflow.plan, pictures, proofs) };
  });

  bind(api.workflows.proofs, ({ params, query }) => {
    const workflow = findRegistered(parts, params.workflow, query.version);
    const report = checkOf(workflow);
    const { undo, rules, ...rest } = report;
    return {
      ...rest,
      rules: rules.map((rule) => ({ ...rule, title: ruleTitles[rule.rule] })),
      undo: pageProofs(workflow, report).undo,
      pointsOfNoReturn: undo.pointsOfNoReturn,
      limits,
    };
  });

  bind(api.workflows.coverage, async ({ params, query }) => {
    const workflow = findRegistered(parts, params.workflow, query.version);
    const { report, isPartial } = await coverageOf(workflow, query.paths, query.runs);
    return { ...report, isPartial };
  });

  bind(api.workflows.versions, async ({ params: { workflow: name } }) => {
    const registered = registeredVersions(parts, name);
    const counts = await countByPlan(store, name);
    const stored = (await store.plans()).filter((plan) => plan.name === name);
    if (registered.length === 0 && stored.length === 0) findRegistered(parts, name, undefined);
    const others = stored.filter(
      ({ hash, version }) =>
        !registered.some(({ plan }) => plan.hash === hash && plan.version === version),
    );
    const catalogue = createCatalogue(orchestrator.workflows, store);
    const rows = [
      ...registered.map(({ version, plan: { hash } }, at) => ({
        version,
        hash,
        isRegistered: true,
        isNewest: at === 0,
        lacking: [] as readonly string[],
        runs: counts.get(hash) ?? {},
      })),
      ...(await Promise.all(
        others.map(async ({ version, hash }) => {
          const plan = await store.plan(name, version, hash);
          return {
            version,
            hash,
            isRegistered: false,
            isNewest: false,
            lacking: plan === null ? [] : catalogue.lacking(plan),
            runs: counts.get(hash) ?? {},
          };
        }),
      )),
    ];
    return { versions: rows.sort((a, b) => b.version - a.version) };
  });

  bind(api.workflows.diff, async ({ params, query }) => {
    const before = await findVersion(parts, params.workflow, query.from);
    const after = await findVersion(parts, params.workflow, query.to);
    return diffPlans(before.plan, after.plan);
  });

  bind(api.workflows.changes, async ({ params, query: { from, to, view } }) => {
    const before = await findVersion(parts, params.workflow, from);
    const after = await findVersion(parts, params.workflow, to);
    const runsAt = await standingAt(orchestrator, before.plan);
    return { rows: changeRows(before.plan, after.plan, view, runsAt) };
  });

  bind(api.workflows.verdicts, async ({ params, query: { from, to, limit, cursor } }) => {
    const before = await findVersion(parts, params.workflow, from);
    const after = await findVersion(parts, params.workflow, to);
    const lacking = createCatalogue(orchestrator.workflows, store).lacking(before.plan);
    const judge = createJudge(store, before.plan, after, lacking);
    const page = await store.list({
      workflow: params.workflow,
      status: unfinished,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const runs = await Promise.all(page.runs.filter((run) => isOn(run, before.plan)).map(judge));
    return { counts: countVerdicts(runs), runs, cursor: page.cursor };
  });

  bind(api.workflows.migrate, ({ params, body }, { caller }) =>
    orchestrator.migrate({ ...body, workflow: params.workflow, actor: caller.name }),
  );

  bind(api.workflows.simulate, async ({ params, body }, { signal }) => {
    const workflow = findRegistered(parts, params.workflow, body.version);
    const given = parseModel(body.model ?? {}, workflow.plan);
    const learned = body.learn ? await observeRuns(store, workflow, maxRunsLookedAt) : null;
    const model = mergeModels(learned === null ? {} : modelFrom(learned.seen), given);
    if (model.reviewers !== undefined && model.arrivals === undefined)
      throw new SignalboxError(
        'INPUT_INVALID',
        'Reviewers share work only if runs come one after the other',
        { hint: 'Say in "arrivals" how often runs start' },
      );
    const report = await simulator.run(() => simulationOf(workflow, model, body), signal);
    return {
      ...report,
      learnedFrom: learned?.runs ?? null,
      svg: drawSimulation(report, body.theme),
    };
  });
}

/** Steps at which the newest unfinished runs of a version wait, and how many. */
async function standingAt(
  orchestrator: Pick<Orchestrator, 'list'>,
  { name, version }: Plan,
): Promise<ReadonlyMap<string, number>> {
  const page = await orchestrator.list({
    workflow: name,
    version,
    status: unfinished,
    limit: maxRunsLookedAt,
  });
  const counts = new Map<string, number>();
  for (const { waitingOn } of page.runs)
    for (const step of new Set(waitingOn.map((waiting) => waiting.step)))
      counts.set(step, (counts.get(step) ?? 0) + 1);
  return counts;
}

function changeOf(change: DefinitionsChange | null) {
  return change === null
    ? null
    : { at: new Date(change.atMs).toISOString(), workflows: change.workflows };
}

/** @throws SignalboxError `DEFINITION_MISSING` if only the plan of that version is known */
function coded(
  workflow: RunnableWorkflow | null,
  name: string,
  version: string | undefined,
): RunnableWorkflow {
  if (workflow !== null) return workflow;
  throw new SignalboxError(
    'DEFINITION_MISSING',
    `The code of version "${version}" of workflow "${name}" is not loaded, only its plan is known`,
    { details: { workflow: name, version } },
  );
}

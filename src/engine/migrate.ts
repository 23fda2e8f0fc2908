/** Moving the runs of a workflow to another version of it: judged first, then moved one by one. */
import { z } from 'zod';
import { compileChart } from '../chart/advance.ts';
import type { Reason, Version } from '../chart/moving/case.ts';
import { type Judgement, judgeMove } from '../chart/moving/judge.ts';
import type { Mapping } from '../chart/moving/mapping.ts';
import { SignalboxError } from '../errors.ts';
import type { Json } from '../plan/json.ts';
import { isStep, type Plan } from '../plan/plan.ts';
import { indexPlan } from '../plan/settle.ts';
import type { Clock } from '../ports/clock.ts';
import type { HistoryEntry, RunHeader, Store, StoredRun } from '../ports/store.ts';
import type { Catalogue, Definition } from './catalogue.ts';
import { restoreRun } from './live-run.ts';
import { applyMigration, summaryOf } from './migration.ts';
import { notFound, type RunTable } from './run-table.ts';
import { toCode, toStandingRun } from './standing-run.ts';
import { accept, Name, Reason as ReasonText } from './texts.ts';

/** Which runs move to which version, and by which mapping. */
export interface MigrateOptions {
  readonly workflow: string;
  /** Version the runs move to; it must be registered. */
  readonly to: number;
  /** Only runs of this version. */
  readonly from?: number;
  /** Only this run. */
  readonly runId?: string;
  readonly mapping?: Mapping;
  /** Nothing is changed; what would happen is reported. */
  readonly dryRun?: boolean;
  /** Who asks for it, and why; both are kept in the history of every run that moves. */
  readonly actor: string;
  readonly reason: string;
}

/** What became, or would become, of one run. `from` is the version it was on. */
export interface MigratedRun {
  readonly runId: string;
  readonly from: number;
  /**
   * `moved` (with `dryRun`: would be); `already` on that version; `needs_mapping` and `cannot` for the reasons given; `busy`: something of it runs
   * or another process holds it, try again; `ended`.
   */
  readonly outcome: 'moved' | 'already' | 'needs_mapping' | 'cannot' | 'busy' | 'ended';
  readonly reasons: readonly Reason[];
  /** What becomes of its steps, if it moves. */
  readonly changes: { readonly [field: string]: Json } | null;
}

/** Each run of the workflow that was looked at, and what became of it. */
export interface MigrationReport {
  readonly workflow: string;
  readonly to: { readonly version: number; readonly planHash: string };
  readonly dryRun: boolean;
  readonly runs: readonly MigratedRun[];
}

interface MigrateDeps {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly runs: RunTable;
  readonly clock: Clock;
  readonly owner: string;
}

const Options = z.strictObject({
  workflow: Name,
  to: z.int().nonnegative(),
  from: z.int().nonnegative().optional(),
  runId: Name.optional(),
  mapping: z
    .strictObject({
      steps: z.record(z.string(), z.string().nullable()).optional(),
      results: z.record(z.string(), z.unknown()).optional(),
      perform: z.array(z.string()).optional(),
      context: z.custom<Mapping['context']>((value) => typeof value === 'function').optional(),
    })
    .optional(),
  dryRun: z.boolean().optional(),
  actor: Name,
  reason: ReasonText.min(1),
});

const maxTries = 3;
const pageSize = 1_000;

export function createMigrator(
  deps: MigrateDeps,
): (options: MigrateOptions) => Promise<MigrationReport> {
  const { store, catalogue, runs, clock, owner } = deps;
  const versions = new Map<string, Version | null>();

  /** `null`: the store has no plan of it any more. */
  async function versionOf({ workflow, version, planHash }: RunHeader): Promise<Version | null> {
    const known = versions.get(planHash);
    if (known !== undefined) return known;
    const registered = catalogue.find(workflow, version)?.plan;
    const plan: Plan | null =
      registered?.hash === planHash ? registered : await store.plan(workflow, version, planHash);
    const found = plan === null ? null : { compiled: compileChart(plan), index: indexPlan(plan) };
    versions.set(planHash, found);
    return found;
  }

  async function* chosen({ workflow, from, runId }: MigrateOptions): AsyncGenerator<StoredRun> {
    const isChosen = ({ header }: StoredRun) => from === undefined || header.version === from;
    if (runId !== undefined) {
      const found = await store.load(runId);
      if (found === null || found.header.workflow !== workflow) throw notFound(runId);
      if (isChosen(found)) yield found;
      return;
    }
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<Store['list']>> = await store.list({
        workflow,
        limit: pageSize,
        ...(cursor === null ? {} : { cursor }),
      });
      yield* page.runs.filter((run) => isChosen(run) && run.state.finishedAtMs === null);
      cursor = page.cursor;
    } while (cursor !== null);
  }

  async function judge(stored: StoredRun, target: Definition, mapping: Mapping): Promise<Judged> {
    const { header, state } = stored;
    const outcome = (verdict: 'busy' | 'cannot', text: string): Judged => ({
      judgement: { verdict, reasons: [{ step: null, text, remedy: null }] },
      settled: [],
    });
    const { lease } = state;
    const isHeld = lease !== null && lease.owner !== owner && lease.expiresAtMs > clock.nowMs();
    if (store.shared && isHeld) return outcome('busy', 'another process is at it');
    const before = await versionOf(header);
    if (before === null) return outcome('cannot', 'the store has no plan of its version');
    const settled = await store.settled(header.id, state.generation);
    const code = toCode(target.index, target.bindings);
    try {
      const run = toStandingRun(stored, settled);
      return { judgement: judgeMove(before, target, run, mapping, code), settled };
    } catch (error) {
      if (error instanceof SignalboxError) return outcome('cannot', error.message);
      throw error;
    }
  }

  async function move(
    stored: StoredRun,
    target: Definition,
    options: MigrateOptions,
  ): Promise<MigratedRun> {
    const { mapping = {}, actor, reason, dryRun } = options;
    let current: StoredRun | null = stored;
    for (let tries = 0; tries < maxTries && current !== null; tries += 1) {
      const { header } = current;
      if (header.planHash === target.plan.hash && header.version === target.plan.version)
        return outcomeOf(header, 'already');
      const { judgement, settled } = await judge(current, target, mapping);
      if (judgement.verdict !== 'moves')
        return { ...outcomeOf(header, judgement.verdict), reasons: judgement.reasons };
      const moved = {
        ...outcomeOf(header, 'moved'),
        changes: summaryOf(judgement.move),
      };
      if (dryRun === true) return moved;
      const next = {
        ...header,
        version: target.plan.version,
        planHash: target.plan.hash,
      };
      const run = await standing(current, target, settled);
      if (run !== null) {
        try {
          await runs.change(
            run,
            (draft) =>
              applyMigration(draft, {
                move: judgement.move,
                header: next,
                definition: target,
                settled,
                actor,
                reason,
              }),
            { header: next },
          );
          return moved;
        } catch (error) {
          if (!(error instanceof SignalboxError) || error.code !== 'LEASE_LOST') throw error;
        }
      }
      current = await store.load(header.id);
    }
    const text = 'it changes too fast; try again';
    return { ...outcomeOf(stored.header, 'busy'), reasons: [{ step: null, text, remedy: null }] };
  }

  /** The run in memory, if that is what was judged; `null` if it has changed since. */
  async function standing(stored: StoredRun, target: Definition, settled: readonly HistoryEntry[]) {
    const { id } = stored.header;
    if (runs.isPending(id)) return null;
    const known = runs.peek(id);
    if (known !== null) {
      if (known.state.revision === stored.state.revision) return known;
      runs.drop(id);
      return null;
    }
    const before = await versionOf(stored.header);
    if (before === null || runs.peek(id) !== null) return null;
    // Its own functions may be gone: they are not asked for before it stands in the new version.
    const { plan } = before.index;
    const definition = { ...before, plan, bindings: target.bindings, mode: catalogue.modeOf(plan) };
    return restoreRun(stored, definition, settled);
  }

  return async (unparsed) => {
    const what = 'Options of a migration';
    const options = accept(what, Options, unparsed) as MigrateOptions;
    const target = targetOf(catalogue, options);
    const found: StoredRun[] = [];
    for await (const run of chosen(options)) found.push(run);
    await checkMapping(options, target.plan, found);
    if (options.dryRun !== true && found.length > 0) await store.savePlan(target.plan);
    const moved: MigratedRun[] = [];
    for (const run of found) moved.push(await move(run, target, options));
    return {
      workflow: options.workflow,
      to: { version: target.plan.version, planHash: target.plan.hash },
      dryRun: options.dryRun === true,
      runs: moved,
    };
  };

  /** A name that no version has is a slip of the pen, and would go unnoticed. */
  async function checkMapping(
    { mapping = {} }: MigrateOptions,
    plan: Plan,
    found: readonly StoredRun[],
  ): Promise<void> {
    const steps = new Set(plan.nodes.filter(isStep).map(({ id }) => id));
    const named = [
      ...Object.values(mapping.steps ?? {}).filter((name) => name !== null),
      ...Object.keys(mapping.results ?? {}),
      ...(mapping.perform ?? []),
    ];
    const unknown = named.find((name) => !steps.has(name) && name !== 'completion');
    if (unknown !== undefined) {
      const version = `version ${plan.version} of workflow "${plan.name}"`;
      throw mappingError(`names step "${unknown}", which ${version} does not have`);
    }
    const left = found.filter(({ header }) => header.planHash !== plan.hash);
    const before = await Promise.all(left.map(({ header }) => versionOf(header)));
    const stranger = Object.keys(mapping.steps ?? {}).find(
      (name) => left.length > 0 && !before.some((version) => version?.index.nodes.has(name)),
    );
    if (stranger !== undefined)
      throw mappingError(`names step "${stranger}", which no version that runs are on has`);
  }
}

interface Judged {
  readonly judgement: Judgement;
  readonly settled: readonly HistoryEntry[];
}

function outcomeOf(header: RunHeader, outcome: MigratedRun['outcome']): MigratedRun {
  return { runId: header.id, from: header.version, outcome, reasons: [], changes: null };
}

function mappingError(text: string): SignalboxError {
  return new SignalboxError('INPUT_INVALID', `The mapping ${text}`, {
    hint: 'Keys of "steps" are steps of the old version; its values, and all else, name steps of the new one',
  });
}

function targetOf(catalogue: Catalogue, { workflow, to }: MigrateOptions): Definition {
  const found = catalogue.find(workflow, to);
  if (found !== null) return catalogue.define(found);
  const versions = catalogue.workflows
    .filter(({ name }) => name === workflow)
    .map(({ version }) => version);
  throw new SignalboxError(
    'WORKFLOW_UNKNOWN',
    `No version ${to} of workflow "${workflow}" is registered; there are: ${versions.join(', ') || 'none'}`,
    { details: { workflow, version: to } },
  );
}

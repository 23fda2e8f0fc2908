/** A new run that stands where another one stood: results up to there are taken over, the rest runs again. One commit makes it. */

import { z } from 'zod';
import { SignalboxError } from '../errors.ts';
import { issuesText } from '../plan/issues.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import type { PlanNode } from '../plan/plan.ts';
import type { Contract } from '../ports/bindings.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { HistoryEntry, RunHeader, Store, StoredRun } from '../ports/store.ts';
import { applyEvent } from './apply.ts';
import { digest } from './canonical.ts';
import type { Catalogue, Definition } from './catalogue.ts';
import { annotate, type Draft, record } from './draft.ts';
import {
  assertAccepted,
  type ForkMaterial,
  type ForkPreview,
  prepareFork,
} from './fork-preview.ts';
import { historyUpTo } from './history-pages.ts';
import type { LiveRun } from './live-run.ts';
import { replayRun } from './replay.ts';
import { type Mail, parseBody } from './run-body.ts';
import { notFound, type RunTable } from './run-table.ts';
import type { Settings } from './settings.ts';
import { acceptJson, emptyRun, parseInput } from './start.ts';
import { accept, Name, Reason } from './texts.ts';

/** Where a fork begins, and what is different in it. */
export interface ForkOptions {
  /** Entry of the history after which the fork begins, from 1. */
  readonly at: number;
  /** Another input; steps that read what has changed run again. Default: that of the original. */
  readonly input?: unknown;
  /** Results of tasks, waits and children by step, instead of the recorded ones; steps that read what has changed run again. */
  readonly results?: { readonly [step: string]: unknown };
  /** Nothing is made; the preview alone is given. */
  readonly dryRun?: boolean;
  /** Goes ahead although irreversible or unsafe steps may run again. */
  readonly acceptIrreversible?: boolean;
  readonly actor?: string;
  /** Kept in the history. */
  readonly reason?: string;
}

/** A fork that was made, or would be, and what of the original it takes over. */
export interface Fork extends ForkPreview {
  /** The new run; `null` with `dryRun`. */
  readonly runId: string | null;
  readonly forkedFrom: { readonly runId: string; readonly seq: number };
}

interface ForkDeps {
  readonly store: Store;
  readonly runs: RunTable;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly settings: Settings;
}

const Options = z.strictObject({
  at: z.number(),
  input: z.unknown().optional(),
  results: z.record(z.string(), z.unknown()).optional(),
  dryRun: z.boolean().optional(),
  acceptIrreversible: z.boolean().optional(),
  actor: Name.optional(),
  reason: Reason.optional(),
});

export function createForker(
  deps: ForkDeps,
): (runId: string, options: ForkOptions) => Promise<Fork> {
  const { store, runs, catalogue, clock, ids, settings } = deps;

  async function prepare(original: StoredRun, definition: Definition, options: ForkOptions) {
    const { header, state } = original;
    const entries = await historyUpTo(store, original, Math.max(options.at, state.seq));
    const past = replayRun(header, definition, entries.slice(0, options.at));
    const input = inputOf(header, definition, options, settings);
    const results = resultsOf(header.id, definition, options, settings);
    const open = parseBody(header.id, state.body).open.flatMap((item) =>
      'step' in item ? [item.step] : [],
    );
    const material = prepareFork({
      past,
      entries,
      open,
      input,
      results,
      actor: options.actor ?? null,
    });
    return { past, entries, input, results, material };
  }

  return async (runId, unparsed) => {
    const options = accept(`Options of a fork of run "${runId}"`, Options, unparsed) as ForkOptions;
    const original = await store.load(runId);
    if (original === null) throw notFound(runId);
    assertUnmoved(original);
    const definition = await catalogue.definitionOf(original.header);
    const { past, entries, input, results, material } = await prepare(
      original,
      definition,
      options,
    );
    const { preview } = material;
    const forkedFrom = { runId, seq: options.at };
    if (options.dryRun === true) return { runId: null, forkedFrom, ...preview };
    assertAccepted(runId, preview, options.acceptIrreversible === true);
    const header: RunHeader = {
      ...original.header,
      id: ids.runId(),
      input,
      actor: options.actor ?? null,
      key: null,
      parent: null,
      depth: 0,
      createdAtMs: clock.nowMs(),
      forkedFrom,
    };
    const run = emptyRun(header, definition);
    takeOver(run, past, material, results);
    const mails = keptBy(past, entries.slice(0, options.at));
    runs.add(run);
    try {
      await runs.change(run, (draft) => beginFork(draft, options, preview, mails));
    } catch (error) {
      runs.discard(run);
      throw error;
    }
    return { runId: header.id, forkedFrom, ...preview };
  };
}

/** Its history is in names of more than one version. */
function assertUnmoved({ header: { id }, state }: StoredRun): void {
  const [first] = parseBody(id, state.body).moves ?? [];
  if (first === undefined) return;
  throw new SignalboxError(
    'HISTORY_UNREADABLE',
    `Run "${id}" has moved from version ${first.version} to another, and cannot be forked`,
    { details: { runId: id }, hint: 'Start a new run with its input instead' },
  );
}

function inputOf(
  { input }: RunHeader,
  { plan, bindings }: Definition,
  options: ForkOptions,
  { maxPayloadBytes }: Settings,
): Json {
  if (options.input === undefined) return input;
  const { name, version } = plan;
  return parseInput({ name, version, plan, bindings }, options.input, maxPayloadBytes);
}

/** @throws SignalboxError `INPUT_INVALID` if a step has no result of this kind */
function resultsOf(
  runId: string,
  definition: Definition,
  { results = {} }: ForkOptions,
  { maxPayloadBytes }: Settings,
): ReadonlyMap<string, Json> {
  return new Map(
    Object.entries(results).map(([step, value]) => {
      const what = `Result of step "${step}"`;
      const plain = acceptJson(what, value, 'INPUT_INVALID', maxPayloadBytes) ?? null;
      return [step, resultOf(runId, definition, step, plain)];
    }),
  );
}

function resultOf(runId: string, definition: Definition, step: string, given: Json): Json {
  const node = definition.index.nodes.get(step);
  const refuse = (why: string) =>
    new SignalboxError('INPUT_INVALID', `Result of step "${step}": ${why}`, {
      details: { runId, step },
    });
  if (node?.kind !== 'task' && node?.kind !== 'wait' && node?.kind !== 'child')
    throw refuse(
      node?.kind === 'review'
        ? 'a decision is a person’s, and cannot be given'
        : 'only tasks, waits and children have results that can be given',
    );
  const parsed = contractOf(node, definition)?.parse(given);
  if (parsed?.ok === false) throw refuse(issuesText(parsed.issues, 'it'));
  const stored = parsed?.stored ?? given;
  if (node.kind === 'wait')
    return node.onTimeout === 'continue' ? { status: 'received', value: stored } : stored;
  return node.tolerate === undefined ? stored : { status: 'complete', value: stored };
}

function contractOf(node: PlanNode, { bindings }: Definition): Contract | undefined {
  if (node.kind === 'task') return bindings.tasks.get(node.call.task)?.output;
  return node.kind === 'wait' ? bindings.events.get(node.event) : undefined;
}

/** The run will find these results, facts and values recorded when it comes to them. */
function takeOver(
  run: LiveRun,
  past: LiveRun,
  { reused, changed }: ForkMaterial,
  results: ReadonlyMap<string, Json>,
): void {
  const given = [...results].map(
    ([step, output]) => [step, givenEntry(run, step, output)] as const,
  );
  run.recorded = new Map([...reused, ...given]);
  run.reusedFrom = past.header.id;
  for (const [id, fact] of past.facts) if (!changed.has(id)) run.facts.set(id, fact);
  for (const [id, value] of past.derived) if (!changed.has(id)) run.derived.set(id, value);
}

/** A result nobody has recorded, in the form of one. */
function givenEntry(run: LiveRun, step: string, output: Json): HistoryEntry {
  const ending = run.definition.index.nodes.get(step)?.kind === 'wait' ? 'received' : 'completed';
  return {
    seq: 0,
    generation: 1,
    atMs: run.header.createdAtMs,
    event: `${step}.${ending}`,
    actor: run.header.actor ?? 'anonymous',
    from: 'processing',
    to: 'processing',
    step,
    attempt: null,
    durationMs: null,
    settles: 'complete',
    inputHash: null,
    inputDigest: null,
    output,
    outputDigest: null,
    salt: null,
    error: null,
    data: { undo: 0 },
    previousHash: '',
    hash: '',
  };
}

/** Signals that had come early and that nobody had taken by then. */
function keptBy(past: LiveRun, entries: readonly HistoryEntry[]): readonly Mail[] {
  const taken = new Set(
    entries.flatMap(({ event, data }) => (event.endsWith('.received') ? [data?.['signal']] : [])),
  );
  return entries.flatMap(({ event, data, output, actor, atMs, generation }) => {
    const id = data?.['signal'];
    const name = data?.['event'];
    if (event !== 'signal.kept' || generation !== past.state.generation) return [];
    if (typeof id !== 'string' || typeof name !== 'string' || output === undefined || taken.has(id))
      return [];
    return [{ id, event: name, payload: output, actor, atMs }];
  });
}

function beginFork(
  draft: Draft,
  { reason, input }: ForkOptions,
  preview: ForkPreview,
  mails: readonly Mail[],
): void {
  const { run, tools } = draft;
  const { header } = run;
  const actor = header.actor ?? 'anonymous';
  const data: JsonObject = {
    forkedFrom: header.forkedFrom ?? null,
    ...(reason === undefined ? {} : { reason }),
    ...(input === undefined ? {} : { otherInput: true }),
    ...(preview.replaced.length === 0 ? {} : { replaced: preview.replaced }),
    ...(preview.repeats.length === 0 ? {} : { repeats: preview.repeats.map(({ step }) => step) }),
  };
  const event = 'run.created';
  const inputHash = digest(header.input);
  record(draft, { atMs: tools.nowMs, event, actor, from: null, to: 'pending', inputHash, data });
  run.mailbox = mails;
  for (const { id, event: name, payload, actor: sender } of mails) {
    const kept = { event: name, signal: id, reused: header.forkedFrom ?? null };
    annotate(draft, { event: 'signal.kept', actor: sender, output: payload, data: kept });
  }
  applyEvent(draft, { event: { type: 'run.started' }, actor });
}

/** A run in memory: what was stored, plus the values of its settled nodes. Always the newest state, committed or about to be. */
import type { AnyMachineSnapshot } from 'xstate';
import { type CompiledChart, fromStored } from '../chart/advance.ts';
import { migrationStep } from '../chart/moving/record.ts';
import { SignalboxError } from '../errors.ts';
import { restoreOutput } from '../evaluation.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import { type Facts, type Settled, settle } from '../plan/settle.ts';
import type { HistoryEntry, Message, RunHeader, RunState, StoredRun } from '../ports/store.ts';
import type { Definition } from './catalogue.ts';
import { translated } from './moves.ts';
import {
  type LateSuccess,
  type Mail,
  type MovedFrom,
  type OpenItem,
  parseBody,
  type RunBody,
} from './run-body.ts';
import type { RunOutcome } from './run-outcome.ts';
import { takeByHand, type Undone } from './undone.ts';

/** A step that completed and can, or should, be undone. */
export interface Completed {
  readonly step: string;
  readonly seq: number;
  readonly fallback: boolean;
  readonly output: Json | undefined;
  /** Entries it adds to the undo list. */
  readonly undo: number;
  /** The run that did it, if it was a child. */
  readonly child: string | null;
  /** A map that failed after some of its items had completed, or a step whose value made what reads it fail. */
  readonly hasFailed: boolean;
}

export interface LiveRun extends Undone {
  /** Both change when the run moves to another version. */
  header: RunHeader;
  definition: Definition;
  state: RunState;
  snapshot: AnyMachineSnapshot;
  open: readonly OpenItem[];
  mailbox: readonly Mail[];
  data: JsonObject;
  milestones: RunBody['milestones'];
  outcome: RunOutcome | null;
  compensatedBy: string | null;
  /** Steps of which an attempt succeeded after it had been given up, while the run went on. */
  late: readonly LateSuccess[];
  /** Messages a pause holds back. */
  held: readonly Message[];
  /** How long runs of its workflow had stood still in all when its deadlines were last moved. */
  heldMs: number;
  /** Versions it was on before. */
  moves: readonly MovedFrom[];
  /** Settled nodes of the present generation. */
  readonly progress: Map<string, Settled>;
  readonly facts: Map<string, boolean | string>;
  readonly derived: Map<string, unknown>;
  /** In order of completion. */
  readonly completed: Completed[];
  /** How each step of the generation was settled, kept while a retry feeds it through the chart again. */
  recorded: Map<string, HistoryEntry> | null;
  /** The run what is recorded was taken from, if it is not this one: then it leaves entries here as well. */
  reusedFrom: string | null;
  /** Failed children by step, to be retried rather than started when a retry comes to them again. */
  failedChildren: ReadonlyMap<string, string>;
}

/** The name under which the start of a run settles what depends on its input alone. */
export const startStep = '$input';

export function restoreRun(
  stored: StoredRun,
  definition: Definition,
  settledEntries: readonly HistoryEntry[],
): LiveRun {
  const body = parseBody(stored.header.id, stored.state.body);
  const run: LiveRun = {
    header: stored.header,
    definition,
    state: stored.state,
    snapshot: restoreSnapshot(stored, definition.compiled),
    open: body.open,
    mailbox: body.mailbox,
    data: body.data,
    milestones: body.milestones,
    outcome: body.outcome,
    compensatedBy: body.compensatedBy,
    late: body.late ?? [],
    held: body.held ?? [],
    heldMs: body.heldMs ?? 0,
    moves: body.moves ?? [],
    progress: new Map(),
    facts: new Map(),
    derived: new Map(),
    completed: [],
    undone: [],
    notUndone: [],
    resolved: [],
    recorded: null,
    reusedFrom: null,
    failedChildren: new Map(),
  };
  recall(run, settledEntries);
  return run;
}

/** Where a stored run stands. @throws SignalboxError `PLAN_MISMATCH`, `RUN_DAMAGED` */
export function restoreSnapshot(stored: StoredRun, compiled: CompiledChart): AnyMachineSnapshot {
  const { snapshot } = parseBody(stored.header.id, stored.state.body);
  try {
    return fromStored(compiled, snapshot);
  } catch (cause) {
    throw new SignalboxError(
      'PLAN_MISMATCH',
      `Run "${stored.header.id}" stands in a state its workflow does not have`,
      {
        details: {
          runId: stored.header.id,
          workflow: stored.header.workflow,
          version: stored.header.version,
        },
        cause,
      },
    );
  }
}

/** Puts recorded outcomes back without calling the author's predicates and mappers. */
export function recall(run: LiveRun, entries: readonly HistoryEntry[]): void {
  const { definition } = run;
  const seeds = new Map<string, Settled>();
  for (const entry of translated(entries)) {
    // A move states the answers that still hold.
    if (entry.step === migrationStep) {
      run.facts.clear();
      run.derived.clear();
    }
    const facts = entry.data?.['facts'];
    if (facts !== undefined && facts !== null)
      for (const [id, fact] of Object.entries(facts as Facts)) run.facts.set(id, fact);
    for (const [id, value] of Object.entries((entry.data?.['derived'] ?? {}) as JsonObject))
      run.derived.set(id, value);
    // A retry begins here: what had failed before is done again.
    if (entry.step === startStep) keep(run.completed, (completed) => !completed.hasFailed);
    if (entry.step === null || entry.step.startsWith('$')) continue;
    if (takeByHand(run, entry)) continue;
    if (entry.event.startsWith('undo.')) {
      if (entry.settles === 'complete') run.undone.push(entry.step);
      else run.notUndone.push({ step: entry.step, reason: textOf(entry.error, 'message') });
      continue;
    }
    if (entry.settles === 'skipped')
      seeds.set(entry.step, { status: 'skipped', reason: textOf(entry.data, 'reason') });
    if (entry.settles === 'complete')
      seeds.set(entry.step, {
        status: 'complete',
        value: restoreValue(definition, entry.step, entry),
      });
    const completed = toCompleted(entry);
    if (completed !== null) run.completed.push(completed);
  }
  const settlement = settle(
    definition.index,
    run.progress,
    [...seeds],
    sourceOf(run),
    {
      predicate: (id) => run.facts.get(id) === true,
      derive: (id) => run.derived.get(id),
    },
    run.state.status !== 'pending',
  );
  for (const [id, settled] of settlement.settled) run.progress.set(id, settled);
}

export function textOf(record: JsonObject | null, key: string): string {
  const value = record?.[key];
  return typeof value === 'string' ? value : '';
}

/** `null` if completing it leaves nothing to undo. */
export function toCompleted(
  entry: Pick<HistoryEntry, 'step' | 'seq' | 'data' | 'output' | 'settles'>,
): Completed | null {
  const undo = entry.data?.['undo'];
  if (entry.step === null || typeof undo !== 'number' || undo === 0) return null;
  return {
    step: entry.step,
    seq: entry.seq,
    fallback: entry.data?.['fallback'] === true,
    output: entry.output,
    undo,
    child: typeof entry.data?.['child'] === 'string' ? entry.data['child'] : null,
    hasFailed: entry.settles === 'failed',
  };
}

function keep<T>(list: T[], isKept: (item: T) => boolean): void {
  list.splice(0, list.length, ...list.filter(isKept));
}

/** A recorded output as its consumers see it. */
export function restoreValue(
  definition: Definition,
  step: string,
  entry: Pick<HistoryEntry, 'output' | 'data'>,
): unknown {
  const node = definition.index.nodes.get(step);
  const stored = entry.output;
  if (stored === undefined || node === undefined) return stored;
  return restoreOutput(node, definition.bindings, stored, entry.data?.['fallback'] === true);
}

/** Values of the references that are not steps. */
export function sourceOf(run: LiveRun): (of: string) => unknown {
  return (of) => {
    if (of === '$input') return inputOf(run);
    if (of === '$context') return run.data;
    if (of === '$run') return runInfo(run);
    return undefined;
  };
}

const inputs = new WeakMap<RunHeader, { readonly value: unknown }>();

function inputOf(run: LiveRun): unknown {
  const known = inputs.get(run.header);
  if (known !== undefined) return known.value;
  const value = run.definition.bindings.input.restore(run.header.input);
  inputs.set(run.header, { value });
  return value;
}

export function runInfo(run: LiveRun) {
  return {
    runId: run.header.id,
    workflow: run.header.workflow,
    version: run.header.version,
    startedAtMs: run.header.createdAtMs,
  };
}

/** Reads settled nodes and sources for a wiring. */
export function readerOf(run: LiveRun): (of: string) => unknown {
  const source = sourceOf(run);
  return (of) => {
    if (of.startsWith('$')) return source(of);
    const settled = run.progress.get(of);
    return settled?.status === 'complete' ? settled.value : undefined;
  };
}

/** Moving a run to another version: one commit, in which everything that names the version changes together. */
import { fromStored, statusOf } from '../chart/advance.ts';
import type { Move } from '../chart/moving/judge.ts';
import { migrationStep } from '../chart/moving/record.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import type { HistoryEntry, RunHeader } from '../ports/store.ts';
import { applyEvent } from './apply.ts';
import type { Definition } from './catalogue.ts';
import { type Draft, record } from './draft.ts';
import { carryOut } from './effects/effects.ts';
import type { Incoming } from './incoming.ts';
import { type LiveRun, recall } from './live-run.ts';
import { carriedItems } from './migrated-items.ts';

export interface Migration {
  readonly move: Move;
  readonly header: RunHeader;
  readonly definition: Definition;
  /** Settling entries of the present generation. */
  readonly settled: readonly HistoryEntry[];
  readonly actor: string;
  readonly reason: string;
}

export function applyMigration(draft: Draft, migration: Migration): void {
  const { run, tools } = draft;
  const { move, header, definition, settled, actor } = migration;
  const before = run.header;
  const { open } = run;
  run.moves = [
    ...run.moves,
    { version: before.version, planHash: before.planHash, lastSeq: run.state.seq },
  ];
  run.header = header;
  run.definition = definition;
  run.data = move.data;
  run.snapshot = fromStored(definition.compiled, move.snapshot);
  recordMove(draft, before, migration);
  forget(run);
  recall(run, [...settled, ...draft.history.filter((entry) => entry.settles !== null)]);
  const known = new Set(run.milestones.map(({ name }) => name));
  const reached = move.milestones.filter((name) => !known.has(name));
  run.milestones = [...run.milestones, ...reached.map((name) => ({ name, atMs: tools.nowMs }))];
  run.open = carriedItems(open, run, move, tools.nowMs);
  const cause: Incoming = { event: { type: 'run.migrated' }, actor };
  openNewLimits(draft, move, cause);
  begin(draft, move, cause);
}

function recordMove(draft: Draft, before: RunHeader, migration: Migration): void {
  const { run, tools } = draft;
  const { move, header, actor, reason } = migration;
  const status = statusOf(run.snapshot);
  const base = { atMs: tools.nowMs, actor, from: status, to: status } as const;
  const derived = [...move.derived].filter(([, value]) => value !== undefined);
  record(draft, {
    ...base,
    event: 'run.migrated',
    step: migrationStep,
    settles: 'complete',
    data: {
      reason,
      from: { version: before.version, planHash: before.planHash },
      to: { version: header.version, planHash: header.planHash },
      names: [...move.names],
      dropped: move.dropped,
      withdrawn: move.withdrawn,
      begins: move.begins,
      given: move.given.map(({ step }) => step),
      facts: Object.fromEntries(move.facts),
      derived: Object.fromEntries(derived) as JsonObject,
    },
  });
  for (const { step, event, output } of move.given) {
    record(draft, { ...base, event, step, settles: 'complete', output, data: { migrated: true } });
  }
  for (const step of move.skipped) {
    const reason = 'The new version would have passed it by.';
    const data = { reason };
    record(draft, { ...base, event: `${step}.skipped`, step, settles: 'skipped', data });
  }
}

/** What memory holds of the old version is recalled anew, exactly as after a restart. */
function forget(run: LiveRun): void {
  run.progress.clear();
  run.facts.clear();
  run.derived.clear();
  run.completed.length = 0;
  run.undone.length = 0;
  run.notUndone.length = 0;
  run.recorded = null;
}

/** A time limit that only the new version has begins with the move. */
function openNewLimits(draft: Draft, move: Move, cause: Incoming): void {
  const carried = new Set(move.carried.values());
  for (const effect of move.asked) {
    if (effect.type !== 'timer') continue;
    const isLimit = effect.name === 'deadline_passed' || effect.name === 'timed_out';
    const isTheirs = effect.step === 'run' || carried.has(effect.step);
    const isOpen = draft.run.open.some(
      (item) => item.kind === 'timer' && item.step === effect.step && item.name === effect.name,
    );
    if (isLimit && isTheirs && !isOpen) carryOut(draft, effect, cause);
  }
}

function begin(draft: Draft, move: Move, cause: Incoming): void {
  const begins = new Set(move.begins);
  for (const effect of move.asked) {
    if (!('step' in effect) || !begins.has(effect.step)) continue;
    for (const next of carryOut(draft, effect, cause))
      applyEvent(draft, { ...next, lenient: true });
  }
}

/** As it is told to whoever asked for the move. */
export function summaryOf(move: Move): { readonly [field: string]: Json } {
  return {
    renamed: Object.fromEntries(move.names),
    waitsAt: [...move.carried.values()],
    withdrawn: move.withdrawn,
    dropped: move.dropped,
    begins: move.begins,
    given: move.given.map(({ step }) => step),
    skipped: move.skipped,
  };
}

/** What can be seen of runs from outside, without what may differ between two executions: ids, times, tokens. */
import type { Json, JsonObject } from '../../plan/json.ts';
import type { ExportedRun, HistoryEntry, Store } from '../../ports/store.ts';
import type { Effect } from './stage.ts';

export interface Observed {
  readonly runs: { readonly [alias: string]: ObservedRun };
  /** Every effect once, however often it was had. */
  readonly effects: readonly string[];
}

interface ObservedRun {
  readonly status: string;
  readonly generation: number;
  readonly outcome: unknown;
  readonly data: unknown;
  readonly milestones: unknown;
  readonly history: unknown;
}

export async function exported(store: Store): Promise<readonly ExportedRun[]> {
  const runs: ExportedRun[] = [];
  for await (const run of store.export()) runs.push(run);
  return runs.sort((a, b) => (a.header.id < b.header.id ? -1 : 1));
}

export interface ObserveOptions {
  readonly isOrdered: boolean;
  /** A person may have been asked what became of an attempt, which leaves its number and its entry otherwise. */
  readonly mayAsk?: boolean;
  /** Requests that come too late may have been noted. */
  readonly mayNote?: boolean;
}

export function observe(
  runs: readonly ExportedRun[],
  effects: readonly Effect[],
  { isOrdered, mayAsk = false, mayNote = false }: ObserveOptions,
): Observed {
  const aliases = aliasesOf(runs);
  const plain = <T>(value: T): T => withoutItems(withAliases(value, aliases));
  const names = effects.map(
    ({ kind, name, runId, attempt, isFallback = false }) =>
      `${aliases.get(runId) ?? runId} ${kind} ${name}${isFallback ? ' (fallback)' : ''} #${attempt}`,
  );
  return {
    runs: Object.fromEntries(
      runs.map((run) => {
        const { state } = run;
        const body = state.body as {
          outcome?: unknown;
          data?: unknown;
          milestones?: readonly { name: string }[];
        };
        const entries = plain(run.history.map((entry) => toEntry(entry, mayAsk))).filter(
          (entry): entry is Entry => entry !== null && !(mayNote && isNote(entry)),
        );
        return [
          aliases.get(run.header.id) ?? '',
          {
            status: state.status,
            generation: state.generation,
            outcome: isOrdered
              ? plain(body.outcome ?? null)
              : withoutOrder(plain(body.outcome ?? null)),
            data: body.data ?? null,
            milestones: (body.milestones ?? []).map(({ name }) => name),
            history: isOrdered ? entries : byStep(entries),
          },
        ];
      }),
    ),
    effects: [...new Set(names)].sort(),
  };
}

/** `workflow-1`, `workflow-2` … in order of creation. */
function aliasesOf(runs: readonly ExportedRun[]): ReadonlyMap<string, string> {
  const counts = new Map<string, number>();
  const aliases = new Map<string, string>();
  for (const { header } of runs) {
    const count = (counts.get(header.workflow) ?? 0) + 1;
    counts.set(header.workflow, count);
    aliases.set(header.id, `${header.workflow}-${count}`);
  }
  return aliases;
}

function withAliases<T>(value: T, aliases: ReadonlyMap<string, string>): T {
  let text = JSON.stringify(value) ?? 'null';
  for (const [id, alias] of aliases) text = text.replaceAll(id, alias);
  return JSON.parse(text);
}

/** Of items that fail side by side any may be the one that ends the map. */
function withoutItems<T>(value: T): T {
  return JSON.parse(JSON.stringify(value).replaceAll(/\bItem \d+: /g, 'Item: '));
}

type Entry = Pick<
  HistoryEntry,
  'event' | 'actor' | 'from' | 'to' | 'step' | 'attempt' | 'settles' | 'error' | 'generation'
> & {
  readonly output: Json;
  readonly data: JsonObject;
};

/** A verdict of a person stands for the attempt that could not give it; how long a step was put off, or a run held, is nobody's promise. */
function toEntry(entry: HistoryEntry, mayAsk: boolean): Entry | null {
  const { event, actor, from, to, step, settles, error, generation } = entry;
  const attempt = mayAsk ? null : entry.attempt;
  const base = { event, actor, from, to, step, attempt, settles, generation };
  if (/\.(in_doubt|did_not_happen|deferred|deferral_over)$/.test(event)) return null;
  if (event === 'run.held') return null;
  // messages about a review are sent beside it, and end with it: how soon one arrives is nobody's promise
  if (/\.(told|not_told)$/.test(event)) return null;
  const output = entry.output ?? null;
  const { signal: _signal, delayMs: _delayMs, startAtMs: _startAtMs, ...given } = entry.data ?? {};
  const data: JsonObject = { undo: 0, ...given };
  const known = { ...base, output, error, data };
  if (!event.endsWith('.happened') || step === null) return known;
  const { verdict: _verdict, decider: _decider, ...rest } = data;
  return { ...known, event: `${step}.completed`, actor: 'signalbox', data: rest };
}

function isNote({ event }: Entry): boolean {
  return event === 'decision.refused' || event === 'run.cancel_repeated' || event.endsWith('.late');
}

/** Where steps run side by side only the order within each of them is given; what follows from several is decided by whichever comes last. */
function byStep(entries: readonly Entry[]): unknown {
  const steps = new Map<string, unknown[]>();
  const joined: Record<string, unknown> = {};
  for (const entry of entries) {
    const { facts, derived, ...data } = entry.data;
    Object.assign(joined, facts, derived);
    const key = entry.step ?? entry.event;
    steps.set(key, [...(steps.get(key) ?? []), { ...entry, data }]);
  }
  const inOrder = (left: [string, unknown], right: [string, unknown]) =>
    left[0] < right[0] ? -1 : 1;
  return {
    steps: Object.fromEntries([...steps].sort(inOrder)),
    joined: Object.fromEntries(Object.entries(joined).sort(inOrder)),
  };
}

function withoutOrder(outcome: unknown): unknown {
  if (outcome === null || typeof outcome !== 'object') return outcome;
  return Object.fromEntries(
    Object.entries(outcome).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map((part) => JSON.stringify(part)).sort() : value,
    ]),
  );
}

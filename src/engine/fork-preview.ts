/** What a fork would reuse, and what it would do again. Decided from the history and the plan alone. */
import { SignalboxError } from '../errors.ts';
import { type Invalidation, invalidate } from '../plan/invalidation.ts';
import type { Json } from '../plan/json.ts';
import { isStep, type Plan, type StepNode, type TaskCall } from '../plan/plan.ts';
import { resolveWiring } from '../plan/wiring.ts';
import type { Bindings } from '../ports/bindings.ts';
import type { HistoryEntry } from '../ports/store.ts';
import { canonical } from './canonical.ts';
import type { LiveRun } from './live-run.ts';
import { retryMaterialOf } from './retry-material.ts';

/** What becomes of each step of the original, were it forked. */
export interface ForkPreview {
  /** Steps whose results the fork takes over, with the entry of the original that holds them. */
  readonly reused: readonly { readonly step: string; readonly seq: number }[];
  /** Steps whose results were given for the fork. */
  readonly replaced: readonly string[];
  /** Steps the original has begun that may run again, and why. */
  readonly again: readonly { readonly step: string; readonly why: string }[];
  /** Those of them that cannot be undone, or must not be repeated lightly; `child/step` for what a child does. */
  readonly repeats: readonly {
    readonly step: string;
    readonly why: 'irreversible' | 'unsafe' | 'event';
  }[];
}

export interface ForkPoint {
  /** The original as it stood there. */
  readonly past: LiveRun;
  /** Its whole history. */
  readonly entries: readonly HistoryEntry[];
  /** Steps it is at now. */
  readonly open: readonly string[];
  /** The input the fork starts with. */
  readonly input: Json;
  /** Results given instead of recorded ones, as they are stored. */
  readonly results: ReadonlyMap<string, Json>;
  /** Who asks for the fork. */
  readonly actor: string | null;
}

export interface ForkMaterial {
  readonly preview: ForkPreview;
  readonly reused: ReadonlyMap<string, HistoryEntry>;
  /** Nodes whose recorded facts and values do not hold in the fork. */
  readonly changed: ReadonlySet<string>;
}

export function prepareFork(point: ForkPoint): ForkMaterial {
  const { past, results } = point;
  const { plan } = past.definition;
  const before = point.entries.filter(
    ({ seq, generation }) => seq <= past.state.seq && generation === past.state.generation,
  );
  const { recorded } = retryMaterialOf(before);
  const lost = lostResults(past, recorded);
  for (const step of ownApprovals(point)) lost.set(step, 'whoever asks for the fork approved it');
  const settled = new Set([...recorded.keys()].filter((step) => !lost.has(step)));
  const invalidation = invalidate(plan, {
    settled,
    replaced: new Set(results.keys()),
    differs: differenceOf(point, recorded),
  });
  const reused = new Map(
    [...recorded].filter(
      ([step, entry]) =>
        entry.settles === 'complete' &&
        settled.has(step) &&
        !results.has(step) &&
        !invalidation.steps.has(step),
    ),
  );
  return {
    reused,
    changed: new Set([...invalidation.nodes, ...results.keys()]),
    preview: {
      reused: [...reused.values()].map(({ step, seq }) => ({ step: step ?? '', seq })),
      replaced: [...results.keys()],
      ...againOf(point, invalidation, lost),
    },
  };
}

/** Results that do not stand any more: undone by then, or erased since. */
function lostResults(
  past: LiveRun,
  recorded: ReadonlyMap<string, HistoryEntry>,
): Map<string, string> {
  const lost = new Map<string, string>();
  for (const path of past.undone) lost.set(path.split('/')[0] ?? path, 'it was undone');
  for (const [step, entry] of recorded)
    if (entry.outputDigest !== null && entry.output === undefined)
      lost.set(step, 'its result was erased');
  return lost;
}

/** Four eyes hold in the fork as well: reviews that its requester must not decide, and has. */
function ownApprovals({ past, entries, actor }: ForkPoint): readonly string[] {
  if (actor === null) return [];
  return past.definition.plan.nodes.flatMap((node) => {
    if (node.kind !== 'review' || node.requesterMayDecide) return [];
    const given = [`${node.id}.voted`, `${node.id}.decided`];
    const isOwn = entries.some(
      ({ event, actor: by, data }) =>
        given.includes(event) && (by === actor || inPlaceOf(data) === actor),
    );
    return isOwn ? [node.id] : [];
  });
}

function inPlaceOf(data: HistoryEntry['data']): unknown {
  const decider = data?.['decider'];
  return typeof decider === 'object' && decider !== null
    ? Reflect.get(decider, 'onBehalfOf')
    : undefined;
}

function differenceOf(
  { past, input, results }: ForkPoint,
  recorded: ReadonlyMap<string, HistoryEntry>,
): (of: string, path: readonly (string | number)[]) => boolean {
  const old = (of: string) => (of === '$input' ? past.header.input : recorded.get(of)?.output);
  const now = (of: string) => (of === '$input' ? input : results.get(of));
  return (of, path) => {
    const wiring = { kind: 'ref', of, path } as const;
    return canonical(resolveWiring(wiring, old)) !== canonical(resolveWiring(wiring, now));
  };
}

function againOf(
  { past, entries, open }: ForkPoint,
  invalidation: Invalidation,
  lost: ReadonlyMap<string, string>,
): Pick<ForkPreview, 'again' | 'repeats'> {
  const begun = new Set(open);
  for (const { step, event, settles } of entries)
    if (step !== null && settles !== 'skipped' && isOfStep(event, step)) begun.add(step);
  const steps = past.definition.plan.nodes
    .filter(isStep)
    .filter(({ id }) => begun.has(id) && invalidation.steps.has(id));
  return {
    again: steps.map(({ id }) => ({
      step: id,
      why: lost.get(id) ?? invalidation.steps.get(id) ?? '',
    })),
    repeats: steps.flatMap((step) => repeatsOf(step, past.definition.bindings, new Set())),
  };
}

/** Notes of a step, such as reminders, are no sign that it did anything. */
function isOfStep(event: string, step: string): boolean {
  return event.startsWith(`${step}.`) && !/\.(reminded|skipped|deferred)$/.test(event);
}

function repeatsOf(
  step: StepNode,
  bindings: Bindings,
  open: ReadonlySet<Plan>,
): ForkPreview['repeats'] {
  switch (step.kind) {
    case 'task':
      return [step.call, step.fallback].flatMap((call) => repeatOf(step.id, call)).slice(0, 1);
    case 'map':
      return step.body.flatMap((part) =>
        part.kind === 'task' ? repeatOf(`${step.id}/${part.id}`, part.call) : [],
      );
    case 'emit':
      return [{ step: step.id, why: 'event' }];
    case 'child': {
      const child = bindings.children.get(step.workflow);
      if (child === undefined || open.has(child.plan)) return [];
      const inside = new Set([...open, child.plan]);
      return child.plan.nodes
        .filter(isStep)
        .flatMap((part) => repeatsOf(part, child.bindings, inside))
        .map((repeat) => ({ ...repeat, step: `${step.id}/${repeat.step}` }));
    }
    default:
      return [];
  }
}

function repeatOf(step: string, call: TaskCall | undefined): ForkPreview['repeats'] {
  if (call?.compensate === 'irreversible') return [{ step, why: 'irreversible' }];
  return call?.repeat === 'unsafe' ? [{ step, why: 'unsafe' }] : [];
}

/** @throws SignalboxError `WOULD_REPEAT` */
export function assertAccepted(runId: string, { repeats }: ForkPreview, isAccepted: boolean): void {
  if (repeats.length === 0 || isAccepted) return;
  const list = repeats.map(({ step, why }) => `"${step}" (${why})`).join(', ');
  throw new SignalboxError(
    'WOULD_REPEAT',
    `A fork of run "${runId}" would do again what cannot be taken back: ${list}`,
    {
      details: { runId, repeats },
      hint: 'Fork from a later entry, give their results, or accept it with acceptIrreversible',
    },
  );
}

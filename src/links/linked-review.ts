/** The review a link is about, as it stands now. */

import type { RunView } from '../engine/views.ts';
import type { Waiting } from '../engine/waiting.ts';
import type { Orchestrator } from '../orchestrator.ts';
import type { JsonSchema } from '../plan/json.ts';
import type { Permission } from './token.ts';

export type LinkedReview =
  | { readonly state: 'open'; readonly review: OpenReview }
  /** `ending`: `null` if the recent history does not say. */
  | { readonly state: 'closed'; readonly run: RunView; readonly ending: Ending | null }
  /** It shows something else than when the link was made. */
  | { readonly state: 'changed'; readonly run: RunView };

export interface OpenReview {
  readonly run: RunView;
  readonly waiting: Waiting;
  /** Of the review, from its definition; `null` if it has none. */
  readonly description: string | null;
  readonly form: JsonSchema;
}

export interface Ending {
  /** `approved`, `rejected`, or `expired`. */
  readonly how: string;
  /** `null`: nobody, it was time. */
  readonly actor: string | null;
  readonly atMs: number;
}

/** How far the clock of whoever makes links may be behind the engine's. */
const skewMs = 5_000;
/** Entries looked through for the decision of a closed review, from the end. */
const lookBack = 500;

export type ReadableOrchestrator = Pick<Orchestrator, 'get' | 'history' | 'workflows'>;

/** @throws SignalboxError `RUN_NOT_FOUND`, `RUN_DAMAGED` */
export async function linkedReview(
  orchestrator: ReadableOrchestrator,
  permission: Permission,
): Promise<LinkedReview> {
  const run = await orchestrator.get(permission.runId);
  const waiting = run.waitingOn.find(
    ({ kind, step }) => kind === 'review' && step === permission.step,
  );
  // Opened after the link was made: the one it was made for has been decided, and a retry asks again.
  const isLater = waiting !== undefined && isAnother(Date.parse(waiting.since), permission);
  if (waiting === undefined || isLater) {
    return { state: 'closed', run, ending: await endingOf(orchestrator, run, permission.step) };
  }
  if (permission.shownHash !== null && waiting.shownHash !== permission.shownHash) {
    return { state: 'changed', run };
  }
  return { state: 'open', review: { run, waiting, ...definitionOf(orchestrator, run, waiting) } };
}

function isAnother(sinceMs: number, { issuedAtMs, openedAtMs }: Permission): boolean {
  return openedAtMs === undefined ? sinceMs > issuedAtMs + skewMs : sinceMs !== openedAtMs;
}

function definitionOf(
  { workflows }: ReadableOrchestrator,
  run: RunView,
  { step }: Waiting,
): Pick<OpenReview, 'description' | 'form'> {
  const versions = workflows.filter(({ name }) => name === run.workflow);
  const same = versions.find(({ version }) => version === run.version) ?? versions[0];
  const node = same?.plan.nodes.find(({ id }) => id === step);
  return node?.kind === 'review'
    ? { description: node.description ?? null, form: node.form }
    : { description: null, form: {} };
}

async function endingOf(
  orchestrator: ReadableOrchestrator,
  { runId, entries }: RunView,
  step: string,
): Promise<Ending | null> {
  const history = await orchestrator.history(runId, { afterSeq: Math.max(0, entries - lookBack) });
  const endings = [`${step}.decided`, `${step}.decided_by_policy`, `${step}.expired`];
  const entry = history.findLast(({ event }) => endings.includes(event));
  if (entry === undefined) return null;
  const outcome = entry.data?.['outcome'];
  const isExpired = entry.event === `${step}.expired`;
  return {
    how: isExpired ? 'expired' : typeof outcome === 'string' ? outcome : 'decided',
    actor: isExpired ? null : entry.actor,
    atMs: entry.atMs,
  };
}

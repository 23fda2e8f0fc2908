/** Taking up what a process that is gone left behind: what was scheduled and not finished is handed out again, or asked about. */
import type { PlanNode, TaskCall } from '../plan/plan.ts';
import type { AttemptFailure } from '../ports/executor.ts';
import type { Logger } from '../ports/logger.ts';
import { applyEvent } from './apply.ts';
import { closeItems, type Draft } from './draft.ts';
import { toError } from './failure-data.ts';
import type { LiveRun } from './live-run.ts';
import { missUndo } from './outcome.ts';
import type { OpenItem } from './run-body.ts';
import type { Settings } from './settings.ts';
import { toleratedValue } from './tolerance.ts';

type Orphan = Extract<OpenItem, { kind: 'attempt' | 'undo' | 'map' | 'notice' }>;

/** Works in hand that this process does not run. */
export function orphansOf(run: LiveRun, inFlight: ReadonlyMap<string, unknown>): readonly Orphan[] {
  return run.open.filter(
    (item): item is Orphan =>
      (item.kind === 'attempt' ||
        item.kind === 'undo' ||
        item.kind === 'map' ||
        item.kind === 'notice') &&
      item.held !== true &&
      !inFlight.has(item.token),
  );
}

export function adopt(
  draft: Draft,
  orphans: readonly Orphan[],
  settings: Settings,
  log: Logger,
): void {
  const { run, tools } = draft;
  for (const orphan of orphans) {
    if (!run.open.includes(orphan)) continue;
    if (orphan.kind === 'attempt') {
      adoptAttempt(draft, orphan, settings, log);
      continue;
    }
    const taken = { ...orphan, dispatches: (orphan.dispatches ?? 1) + 1 };
    // The items of a map go on under the token with which they were begun.
    const again = taken.kind === 'undo' ? { ...taken, token: tools.token() } : taken;
    run.open = run.open.map((item) => (item === orphan ? again : item));
    draft.commands.push(
      orphan.kind === 'map' ? { type: 'map', step: orphan.step } : { type: orphan.kind },
    );
  }
}

/** Whoever carries it out gives it up instead, once the process has died too often over it. */
export function isQuarantined(
  { dispatches = 1 }: { readonly dispatches?: number },
  settings: Settings,
): boolean {
  return dispatches > settings.maxDispatches;
}

export function quarantined(
  what: string,
  { dispatches = 1 }: { readonly dispatches?: number },
): AttemptFailure {
  return {
    name: 'Quarantined',
    message: `The process died ${dispatches - 1} times while ${what} ran; it is not run again`,
    retryable: false,
    unclear: true,
  };
}

function callOf(node: PlanNode | undefined, isFallback: boolean): TaskCall | undefined {
  if (node?.kind !== 'task') return undefined;
  return isFallback ? (node.fallback ?? node.call) : node.call;
}

function adoptAttempt(
  draft: Draft,
  orphan: Extract<Orphan, { kind: 'attempt' }>,
  settings: Settings,
  log: Logger,
): void {
  const { run, tools } = draft;
  const { step } = orphan;
  const node = run.definition.index.nodes.get(step);
  const bound = log.child({ runId: run.header.id, step, attempt: orphan.attempt });
  if (orphan.dispatches >= settings.maxDispatches) {
    const failure = {
      step,
      name: 'Quarantined',
      message: `The process died ${orphan.dispatches} times while "${step}" ran; it is not run again`,
      retryable: false,
    };
    bound.error({ failure }, 'run quarantined');
    closeItems(draft, (item) => item === orphan);
    if (callOf(node, orphan.fallback)?.compensate !== 'none')
      missUndo(draft, step, 'Its process died while it ran; nobody knows whether it took effect');
    const value =
      node?.kind === 'task' ? toleratedValue(node, failure, orphan.attempt, orphan.fallback) : null;
    applyEvent(draft, {
      event: { type: `${step}.failed`, failure },
      actor: 'signalbox',
      step,
      attempt: orphan.attempt,
      error: toError(failure),
      ...(value === null ? {} : { settles: { value, output: value } }),
      lenient: true,
    });
    return;
  }
  if (callOf(node, orphan.fallback)?.repeat === 'unsafe' && orphan.dispatches > 0) {
    const failure = {
      step,
      name: 'OutcomeUnknownError',
      message: 'The process ended before the attempt gave an answer',
      retryable: false,
    };
    bound.warn({ failure }, 'nobody knows whether the attempt took effect; a person is asked');
    closeItems(draft, (item) => item === orphan);
    applyEvent(draft, {
      event: { type: `${step}.in_doubt`, failure },
      actor: 'signalbox',
      step,
      attempt: orphan.attempt,
      error: toError(failure),
      lenient: true,
    });
    return;
  }
  bound.info({ dispatches: orphan.dispatches + 1 }, 'attempt taken up again');
  run.open = run.open.map((item) =>
    item === orphan ? { ...orphan, token: tools.token(), dispatches: orphan.dispatches + 1 } : item,
  );
  draft.commands.push({ type: 'attempt', step });
}

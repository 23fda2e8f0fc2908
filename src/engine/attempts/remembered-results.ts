/** Results that stand for later calls with the same input: one attempt computes, the others wait for it. */
import { SignalboxError } from '../../errors.ts';
import type { TaskCall } from '../../plan/plan.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { TaskBinding } from '../../ports/bindings.ts';
import type { AttemptOutcome } from '../../ports/executor.ts';
import type { RememberedResult, RunCommit, Store } from '../../ports/store.ts';
import { digest } from '../canonical.ts';
import { businessKey } from '../keys.ts';
import { type LiveRun, readerOf } from '../live-run.ts';
import type { WorkDeps } from '../work-deps.ts';
import type { AttemptEnd, StepAttempt } from './step-attempt.ts';

/**
 * Whoever finds the result being computed looks again after a tenth of the time that has taken so far, within these bounds: each look is an
 * entry of its history.
 */
const soonestMs = 1_000;
const latestMs = 60_000;

/** Claims the result for this attempt. `null`: it is the one that computes it. */
export async function claimResult(
  deps: WorkDeps,
  { runId, node, call }: StepAttempt,
  task: TaskBinding,
  input: unknown,
): Promise<AttemptEnd | null> {
  if (call.rememberMs === undefined) return null;
  const nowMs = deps.clock.nowMs();
  const key = keyOf(call, task, input);
  const claimant = claimantOf(runId, node.id);
  const claim = { key, claimant, expiresAtMs: nowMs + call.rememberMs };
  const held = await claimFromTheLiving(deps.store, claim, nowMs);
  if (held?.output !== undefined) {
    deps.log.info({ runId, step: node.id, key }, 'result remembered, task not run');
    return { outcome: { ok: true, output: held.output, durationMs: 0 }, inputHash: null };
  }
  if (held === null || held.claimant === claimant) return null;
  const why = `"${held.claimant}" computes the same result`;
  const takenMs = claim.expiresAtMs - held.expiresAtMs;
  const delayMs = Math.round(Math.min(Math.max(takenMs / 10, soonestMs), latestMs));
  return { outcome: null, delayMs, why };
}

/** A claimant whose run has ended, or is gone, will never yield the result. */
async function claimFromTheLiving(
  store: Store,
  claim: RememberedResult,
  nowMs: number,
): Promise<RememberedResult | null> {
  const held = await store.claimResult(claim, nowMs);
  if (held === null || held.output !== undefined || held.claimant === claim.claimant) return held;
  if (!(await hasEnded(store, runOf(held.claimant)))) return held;
  await store.releaseResult(claim.key, held.claimant);
  return store.claimResult(claim, nowMs);
}

async function hasEnded(store: Store, runId: string): Promise<boolean> {
  try {
    const run = await store.load(runId);
    return run === null || run.state.finishedAtMs !== null;
  } catch (error) {
    // Nobody will go on with it.
    if (error instanceof SignalboxError && error.code === 'RUN_DAMAGED') return true;
    throw error;
  }
}

/** The attempt computes nothing now, and keeps nobody else from it. */
export async function giveClaimBack(
  deps: WorkDeps,
  { runId, node, call }: StepAttempt,
  task: TaskBinding,
  input: unknown,
): Promise<void> {
  if (call.rememberMs === undefined) return;
  await deps.store.releaseResult(keyOf(call, task, input), claimantOf(runId, node.id));
}

/** What the commit of the outcome keeps of the result; that of a failure gives the claim back instead. */
export function resultToKeep(
  deps: WorkDeps,
  run: LiveRun,
  { runId, node, call }: StepAttempt,
  outcome: AttemptOutcome,
): Pick<Partial<RunCommit>, 'remember'> {
  const task = run.definition.bindings.tasks.get(call.task);
  if (call.rememberMs === undefined || task === undefined) return {};
  const key = keyOf(call, task, resolveWiring(node.input, readerOf(run)));
  const claimant = claimantOf(runId, node.id);
  if (outcome.ok) {
    const expiresAtMs = deps.clock.nowMs() + call.rememberMs;
    return { remember: [{ key, claimant, output: outcome.output, expiresAtMs }] };
  }
  void deps.store
    .releaseResult(key, claimant)
    .catch((error: unknown) =>
      deps.log.warn({ err: error, runId }, 'the claim of a result was not released'),
    );
  return {};
}

function claimantOf(runId: string, step: string): string {
  return `${runId}/${step}`;
}

function runOf(claimant: string): string {
  return claimant.slice(0, claimant.lastIndexOf('/'));
}

function keyOf(call: TaskCall, task: TaskBinding, input: unknown): string {
  return `${call.task}:${businessKey(task, input) ?? digest(input ?? null)}`;
}

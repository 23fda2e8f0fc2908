/** Results that stand for later calls with the same input: one attempt computes, the others wait for it. */
import type { TaskCall } from '../../plan/plan.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { TaskBinding } from '../../ports/bindings.ts';
import type { AttemptOutcome } from '../../ports/executor.ts';
import type { RunCommit } from '../../ports/store.ts';
import { digest } from '../canonical.ts';
import { businessKey } from '../keys.ts';
import { type LiveRun, readerOf } from '../live-run.ts';
import type { WorkDeps } from '../work-deps.ts';
import type { AttemptEnd, StepAttempt } from './step-attempt.ts';

/** How long whoever finds the result being computed waits before it looks again. */
const askAgainMs = 1_000;

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
  const claimant = `${runId}/${node.id}`;
  const expiresAtMs = nowMs + call.rememberMs;
  const held = await deps.store.claimResult({ key, claimant, expiresAtMs }, nowMs);
  if (held?.output !== undefined) {
    deps.log.info({ runId, step: node.id, key }, 'result remembered, task not run');
    return { outcome: { ok: true, output: held.output, durationMs: 0 }, inputHash: null };
  }
  if (held === null || held.claimant === claimant) return null;
  const why = `"${held.claimant}" computes the same result`;
  return { outcome: null, delayMs: askAgainMs, why };
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
  const claimant = `${runId}/${node.id}`;
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

function keyOf(call: TaskCall, task: TaskBinding, input: unknown): string {
  return `${call.task}:${businessKey(task, input) ?? digest(input ?? null)}`;
}

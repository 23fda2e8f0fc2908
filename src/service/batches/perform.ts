/** One action on one run. */
import type { BatchAction } from '../../api/batches.ts';
import { SignalboxError } from '../../errors.ts';
import type { Orchestrator } from '../../orchestrator.ts';
import { refusalOf } from './acceptance.ts';

export interface ItemOutcome {
  readonly outcome: 'done' | 'skipped' | 'failed';
  readonly message: string | null;
}

interface Order {
  readonly batchId: string;
  readonly action: BatchAction;
  readonly reason: string;
  readonly actor: string;
}

/**
 * What does not accept the action any more, be it because an earlier life of the batch did it, is skipped.
 *
 * @throws SignalboxError whatever is no fault of the run and passes: `STORE_UNAVAILABLE`, `STORE_LOCKED`, `CLOSED`
 */
export async function perform(
  orchestrator: Orchestrator,
  runId: string,
  order: Order,
): Promise<ItemOutcome> {
  try {
    const refusal = refusalOf(order.action, await orchestrator.get(runId));
    if (refusal !== null) return { outcome: 'skipped', message: refusal };
    await act(orchestrator, runId, order);
    return { outcome: 'done', message: null };
  } catch (error) {
    if (error instanceof SignalboxError && passing.has(error.code)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const isLate = error instanceof SignalboxError && overtaken.has(error.code);
    return { outcome: isLate ? 'skipped' : 'failed', message };
  }
}

/** The run moved on between the look at it and the action. */
const overtaken: ReadonlySet<string> = new Set([
  'INVALID_TRANSITION',
  'RUN_FINISHED',
  'RUN_NOT_FOUND',
  'SIGNAL_NOT_EXPECTED',
]);

const passing: ReadonlySet<string> = new Set(['STORE_UNAVAILABLE', 'STORE_LOCKED', 'CLOSED']);

async function act(
  orchestrator: Orchestrator,
  runId: string,
  { batchId, action, reason, actor }: Order,
): Promise<void> {
  const by = { reason, actor };
  switch (action.kind) {
    case 'retry':
      return orchestrator.retry(runId, { ...by, acceptNotUndone: action.acceptNotUndone });
    case 'cancel':
      return orchestrator.cancel(runId, { ...by, mode: action.mode });
    case 'pause':
      return orchestrator.pause(runId, by);
    case 'resume':
      return orchestrator.resume(runId, { actor });
    case 'signal':
      await orchestrator.signal(runId, action.event, action.payload, {
        actor,
        id: `batch:${batchId}`,
      });
      return;
    default:
      return action satisfies never;
  }
}

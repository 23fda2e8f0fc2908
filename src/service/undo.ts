import { api } from '../api/api.ts';
import type { Bind } from './bind.ts';
import type { ServiceParts } from './parts.ts';

export function serveUndo(bind: Bind, { orchestrator }: ServiceParts): void {
  const standing = async (runId: string) => {
    const { status, outcome } = await orchestrator.get(runId);
    return { status, outcome };
  };
  bind(api.undo.list, async ({ params: { runId } }) => ({
    steps: await orchestrator.undoList(runId),
  }));
  bind(api.undo.retry, async ({ params: { runId }, body: { step, reason } }, { caller }) => {
    await orchestrator.retryUndo(runId, step, { actor: caller.name, reason });
    return standing(runId);
  });
  bind(api.undo.resolve, async ({ params: { runId }, body: { step, reason } }, { caller }) => {
    await orchestrator.resolveUndo(runId, step, { actor: caller.name, reason });
    return standing(runId);
  });
}

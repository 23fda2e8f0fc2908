import { api } from '../api/api.ts';
import type { Bind } from './bind.ts';
import type { ServiceParts } from './parts.ts';

export function serveRuns(bind: Bind, { orchestrator }: ServiceParts): void {
  bind(api.runs.start, async ({ body: { workflow, input, startAt, ...rest } }, { caller }) => {
    const { runId, created } = await orchestrator.start(workflow, input, {
      ...rest,
      ...(startAt === undefined ? {} : { startAt: Date.parse(startAt) }),
      actor: caller.name,
    });
    return { runId, created };
  });
  bind(api.runs.list, ({ query }) => orchestrator.list(query));
  bind(api.runs.get, ({ params }) => orchestrator.get(params.runId));
}

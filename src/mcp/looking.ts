/** Tools that look at workflows and runs. */
import { z } from 'zod';
import { api } from '../api/api.ts';
import { RunId, RunStatus } from '../api/parts.ts';
import { answered } from './answer.ts';
import { seeing, signal, standing, type Tools } from './calls.ts';

export function registerLooking({ server, client }: Tools): void {
  const { runs, workflows } = client;
  server.registerTool(
    'list_workflows',
    { description: api.workflows.list.summary, annotations: seeing },
    () => answered(() => workflows.list({}, { signal: signal() })),
  );
  server.registerTool(
    'describe_workflow',
    {
      description:
        'One workflow: its steps, the JSON Schema of its input and examples, its reviews and events',
      inputSchema: { workflow: api.workflows.get.params.shape.workflow },
      annotations: seeing,
    },
    ({ workflow }) =>
      answered(async () => {
        const { plan: _plan, ...rest } = await workflows.get(
          { params: { workflow }, query: {} },
          { signal: signal() },
        );
        return rest;
      }),
  );
  server.registerTool(
    'list_runs',
    {
      description: api.runs.list.summary,
      inputSchema: {
        workflow: z.string().max(200).optional(),
        status: z.array(RunStatus).max(7).optional(),
        q: z.string().max(200).optional().describe('In ids, keys and labels'),
        limit: z.number().int().min(1).max(100).default(20),
        cursor: api.runs.list.query.shape.cursor.optional(),
      },
      annotations: seeing,
    },
    ({ workflow, status, q, limit, cursor }) =>
      answered(() =>
        runs.list(
          {
            query: {
              limit,
              ...(workflow === undefined ? {} : { workflow }),
              ...(status === undefined ? {} : { status }),
              ...(q === undefined ? {} : { q }),
              ...(cursor === undefined ? {} : { cursor }),
            },
          },
          { signal: signal() },
        ),
      ),
  );
  server.registerTool(
    'explain_run',
    {
      description:
        'Where a run stands, why it waits, which guards shut what, and the choices there are now',
      inputSchema: { runId: RunId },
      annotations: seeing,
    },
    ({ runId }) => answered(() => standing(client, runId)),
  );
  server.registerTool(
    'show_history',
    {
      description: api.runs.history.summary,
      inputSchema: {
        runId: RunId,
        afterSeq: z.number().int().min(0).default(0),
        limit: z.number().int().min(1).max(200).default(50),
      },
      annotations: seeing,
    },
    ({ runId, ...query }) =>
      answered(() => runs.history({ params: { runId }, query }, { signal: signal() })),
  );
  server.registerTool(
    'wait_for_run',
    {
      description:
        'Waits until a run has ended, or until only people, events or time can move it; comes back when the time is up, and says which it was',
      inputSchema: {
        runId: RunId,
        until: api.runs.wait.query.shape.until,
        timeoutMs: z.number().int().min(0).max(60_000).default(20_000),
      },
      annotations: seeing,
    },
    ({ runId, until, timeoutMs }) =>
      answered(async () => {
        const query = { until, timeoutMs };
        const { reached } = await runs.wait({ params: { runId }, query }, { signal: signal() });
        return { reached, ...(await standing(client, runId)) };
      }),
  );
  server.registerTool(
    'show_output',
    {
      description: api.runs.output.summary,
      inputSchema: { runId: RunId },
      annotations: seeing,
    },
    ({ runId }) => answered(() => runs.output({ params: { runId } }, { signal: signal() })),
  );
}

/** Tools that hold runs, and let them go on: one, those of a workflow, or all. */
import { z } from 'zod';
import { api } from '../api/api.ts';
import { RunId } from '../api/parts.ts';
import { answered, Refusal } from './answer.ts';
import { destructive, seeing, signal, type Tools, Why } from './calls.ts';
import { confirmationOf } from './confirmation.ts';

const name = api.pauses.list.query.shape.workflow.optional();
/** Nothing means everything by being left out. */
const scope = {
  workflow: name.describe('All runs of this workflow, also those that are started meanwhile'),
  everything: z.literal(true).optional().describe('All runs, instead of those of one workflow'),
};
const holding = { destructiveHint: false, idempotentHint: true, openWorldHint: false } as const;

export function registerPausing({ server, client: { runs, pauses } }: Tools): void {
  server.registerTool(
    'pause_run',
    {
      description: api.runs.pause.summary,
      inputSchema: { runId: RunId, reason: Why },
      annotations: holding,
    },
    ({ runId, reason }) =>
      answered(() => runs.pause({ params: { runId }, body: { reason } }, { signal: signal() })),
  );
  server.registerTool(
    'resume_run',
    {
      description: `${api.runs.resume.summary}, unless its workflow or everything is paused as well`,
      inputSchema: { runId: RunId },
      annotations: destructive,
    },
    ({ runId }) =>
      answered(() => runs.resume({ params: { runId }, body: {} }, { signal: signal() })),
  );
  server.registerTool(
    'list_pauses',
    {
      description: `${api.pauses.list.summary}; by whom, since when and why`,
      inputSchema: { workflow: name },
      annotations: seeing,
    },
    ({ workflow }) =>
      answered(() => pauses.list({ query: workflowIn({ workflow }) }, { signal: signal() })),
  );
  server.registerTool(
    'pause_runs',
    {
      description: api.pauses.pause.summary,
      inputSchema: { ...scope, reason: Why },
      annotations: holding,
    },
    ({ reason, ...which }) =>
      answered(() => pauses.pause({ body: { ...chosen(which), reason } }, { signal: signal() })),
  );
  server.registerTool(
    'resume_runs',
    {
      description: `${api.pauses.resume.summary}. Without "confirm" it only says who has paused them and why, and gives the word to confirm with; the word is good for that pause alone, and "changed" says whether it is over`,
      inputSchema: { ...scope, reason: Why, confirm: z.string().max(64).optional() },
      annotations: destructive,
    },
    ({ reason, confirm, ...which }) =>
      answered(async () => {
        const { workflow } = chosen(which);
        const query = workflowIn({ workflow });
        const { pauses: all } = await pauses.list({ query }, { signal: signal() });
        const pause = all.find((one) => one.workflow === (workflow ?? null));
        if (pause === undefined) {
          const what = workflow === undefined ? 'Everything' : `Workflow "${workflow}"`;
          throw new Refusal(`${what} is not paused; see list_pauses`);
        }
        const word = confirmationOf(workflow ?? '', pause.since, pause.actor, pause.reason);
        if (confirm === word) {
          const body = { ...query, since: pause.since, reason };
          return pauses.resume({ body }, { signal: signal() });
        }
        const note = 'It is another pause by now; look again before confirming';
        return { changed: false, ...(confirm === undefined ? {} : { note }), pause, confirm: word };
      }),
  );
}

interface Chosen {
  readonly workflow?: string | undefined;
  readonly everything?: true | undefined;
}

function chosen({ workflow, everything }: Chosen): { readonly workflow?: string } {
  if ((workflow === undefined) === (everything === undefined))
    throw new Refusal('Say which runs: either "workflow", or "everything": true');
  return workflowIn({ workflow });
}

const workflowIn = ({ workflow }: Pick<Chosen, 'workflow'>) =>
  workflow === undefined ? {} : { workflow };

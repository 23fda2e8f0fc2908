/** The tools of the Model Context Protocol: what assistants may see and do, through the calls of the service. */
import { createHash } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { api } from '../api/api.ts';
import { RunId, RunStatus, StepId } from '../api/parts.ts';
import type { Client } from '../client/client.ts';
import { answered, Refusal } from './answer.ts';
import { choicesOf } from './choices.ts';
import { type DecisionPolicy, whyNotDecide } from './policy.ts';

export interface McpOptions {
  /** Its calls carry the assistant's own name or token. */
  readonly client: Client;
  /** Reviews the assistant may decide. Default: none. */
  readonly mayDecide?: DecisionPolicy;
  readonly version: string;
}

const seeing = { readOnlyHint: true, openWorldHint: false } as const;
/** Longer than the longest wait a tool offers. */
const patienceMs = 90_000;
const signal = () => AbortSignal.timeout(patienceMs);
const instructions = `Runs of explicit state machines. Everything is started, decided and cancelled through the transitions a run's chart enables now:
ask explain_run for the choices before acting, and never assume that an action that was refused took place. Waiting tools come back by themselves
and say whether what was waited for has happened.`;

/** Not connected yet: give it a transport with `connect`. */
export function createMcpServer({ client, mayDecide = [], version }: McpOptions): McpServer {
  const server = new McpServer({ name: 'signalbox', version }, { instructions });
  const { runs, reviews, workflows, identity } = client;

  async function actor(): Promise<string> {
    const { caller } = await identity.me({}, { signal: signal() });
    if (caller === null)
      throw new Refusal('The service asks for sign-in: start this server with --token');
    return caller.name;
  }

  async function explained(runId: string) {
    return runs.explain({ params: { runId } }, { signal: signal() });
  }

  async function standing(runId: string) {
    const explanation = await explained(runId);
    return { ...explanation, choices: choicesOf(explanation) };
  }

  async function review(runId: string, step: string) {
    const details = await reviews.get({ params: { runId, step } }, { signal: signal() });
    return { ...details, whyAssistantMayNot: whyNotDecide(details, await actor(), mayDecide) };
  }

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
    ({ runId }) => answered(() => standing(runId)),
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
        return { reached, ...(await standing(runId)) };
      }),
  );
  server.registerTool(
    'list_reviews',
    {
      description: api.reviews.list.summary,
      inputSchema: {
        scope: api.reviews.list.query.shape.scope,
        limit: z.number().int().min(1).max(100).default(20),
      },
      annotations: seeing,
    },
    (query) => answered(() => reviews.list({ query }, { signal: signal() })),
  );
  server.registerTool(
    'show_review',
    {
      description: `${api.reviews.get.summary}, and whether this assistant may decide it`,
      inputSchema: { runId: RunId, step: StepId },
      annotations: seeing,
    },
    ({ runId, step }) => answered(() => review(runId, step)),
  );

  const start = api.runs.start.body.shape;
  server.registerTool(
    'start_run',
    {
      description: `${api.runs.start.summary}. The same key gives the same run`,
      inputSchema: { workflow: start.workflow, input: start.input, key: start.key.optional() },
      annotations: { destructiveHint: false, openWorldHint: false },
    },
    ({ workflow, input, key }) =>
      answered(() =>
        runs.start(
          { body: { workflow, input, ...(key === undefined ? {} : { key }) } },
          { signal: signal() },
        ),
      ),
  );

  const decision = api.reviews.decide.body.shape;
  server.registerTool(
    'decide_review',
    {
      description:
        'Approves or rejects an open review this assistant has been allowed to decide; shownHash comes from show_review, so that what was read is what is decided',
      inputSchema: {
        runId: RunId,
        step: StepId,
        outcome: z.enum(['approved', 'rejected']),
        shownHash: z.string().min(1).max(64),
        form: decision.form.optional(),
        comment: decision.comment.optional(),
      },
      annotations: { destructiveHint: true, idempotentHint: false, openWorldHint: false },
    },
    ({ runId, step, outcome, shownHash, form, comment }) =>
      answered(async () => {
        const { whyAssistantMayNot } = await review(runId, step);
        if (whyAssistantMayNot !== null) throw new Refusal(whyAssistantMayNot);
        const body = {
          outcome,
          shownHash,
          ...(form === undefined ? {} : { form }),
          ...(comment === undefined ? {} : { comment }),
        };
        return reviews.decide({ params: { runId, step }, body }, { signal: signal() });
      }),
  );

  const sent = api.runs.signal.body.shape;
  server.registerTool(
    'send_signal',
    {
      description: `${api.runs.signal.summary}. Only events the run waits for now are sent`,
      inputSchema: {
        runId: RunId,
        event: sent.event,
        payload: sent.payload,
        id: sent.id.optional(),
      },
      annotations: { destructiveHint: true, openWorldHint: false },
    },
    ({ runId, event, payload, id }) =>
      answered(async () => {
        const choices = choicesOf(await explained(runId));
        const awaited = choices.flatMap((one) =>
          one.tool === 'send_signal' ? [one.arguments['event']] : [],
        );
        if (!awaited.includes(event)) {
          throw new Refusal(
            `Run "${runId}" does not wait for "${event}" now${awaited.length === 0 ? '' : `; it waits for ${awaited.join(', ')}`}`,
          );
        }
        const body = { event, payload, ...(id === undefined ? {} : { id }) };
        return runs.signal({ params: { runId }, body }, { signal: signal() });
      }),
  );

  const cancelling = api.runs.cancel.body.shape;
  server.registerTool(
    'cancel_run',
    {
      description:
        'Cancels a run and undoes what it has completed. Without "confirm" it only says what that would be, and gives the word to confirm with; the word is good as long as the run stands as it stood then',
      inputSchema: {
        runId: RunId,
        reason: cancelling.reason.unwrap().min(1),
        confirm: z.string().max(64).optional(),
      },
      annotations: { destructiveHint: true, openWorldHint: false },
    },
    ({ runId, reason, confirm }): Promise<CallToolResult> =>
      answered(async () => {
        const run = await runs.get({ params: { runId } }, { signal: signal() });
        const word = confirmationOf(run);
        if (confirm === word) {
          return runs.cancel({ params: { runId }, body: { reason } }, { signal: signal() });
        }
        const would = await runs.undoList({ params: { runId } }, { signal: signal() });
        return {
          cancelled: false,
          ...(confirm === undefined
            ? {}
            : { note: 'The run has moved on; look again before confirming' }),
          would,
          confirm: word,
        };
      }),
  );
  return server;
}

/** Another one as soon as the run has moved. */
function confirmationOf({
  runId,
  entries,
}: {
  readonly runId: string;
  readonly entries: number;
}): string {
  return createHash('sha256').update(`${runId}\n${entries}`).digest('hex').slice(0, 12);
}

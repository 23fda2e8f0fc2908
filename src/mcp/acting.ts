/** Tools that start runs, send them events, end them and let them begin again. */
import { z } from 'zod';
import { api } from '../api/api.ts';
import { RunId } from '../api/parts.ts';
import { answered, Refusal } from './answer.ts';
import { destructive, signal, standing, type Tools, Why } from './calls.ts';
import { confirmationOf } from './confirmation.ts';

export function registerActing({ server, client }: Tools): void {
  const { runs } = client;
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
      annotations: destructive,
    },
    ({ runId, event, payload, id }) =>
      answered(async () => {
        const { choices } = await standing(client, runId);
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

  server.registerTool(
    'cancel_run',
    {
      description:
        'Cancels a run and undoes what it has completed. Without "confirm" it only says what that would be, and gives the word to confirm with; the word is good as long as the run stands as it stood then',
      inputSchema: {
        runId: RunId,
        reason: Why,
        confirm: z.string().max(64).optional(),
      },
      annotations: destructive,
    },
    ({ runId, reason, confirm }) =>
      answered(async () => {
        const run = await runs.get({ params: { runId } }, { signal: signal() });
        const word = confirmationOf(run.runId, run.entries);
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

  server.registerTool(
    'retry_run',
    {
      description: `${api.runs.retry.summary}. One that was not undone completely is begun again by a person only`,
      inputSchema: { runId: RunId, reason: Why },
      annotations: destructive,
    },
    ({ runId, reason }) =>
      answered(() => runs.retry({ params: { runId }, body: { reason } }, { signal: signal() })),
  );
}

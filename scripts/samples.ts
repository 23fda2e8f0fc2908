/** A sample run of each operational process. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { operational } from '../machines/operational.ts';
import { waitingText } from '../src/cli/run-lines.ts';
import { table } from '../src/cli/table.ts';
import type { Client } from '../src/client/index.ts';

/** Starts those that no earlier call has started, and waits until each has come to its end or to whom it waits for. */
export async function startSamples(client: Client, machines: string): Promise<readonly string[]> {
  const rows = await Promise.all(
    operational.map(async ({ workflow, sample }) => {
      const label = `sample=${workflow}`;
      const { runs } = await client.runs.list({ query: { workflow, label, limit: 1 } });
      const runId = runs[0]?.runId ?? (await start(client, workflow, join(machines, sample)));
      const { run } = await client.runs.wait({ params: { runId }, query: { timeoutMs: 60_000 } });
      return [workflow, run.status, waitingText(run.waitingOn)];
    }),
  );
  const columns = [{ title: 'SAMPLE RUN' }, { title: 'STATUS' }, { title: 'WAITS FOR' }];
  return table(columns, rows, (line) => line);
}

async function start(client: Client, workflow: string, file: string): Promise<string> {
  const input = JSON.parse(await readFile(file, 'utf8'));
  const labels = { sample: workflow };
  const body = { workflow, input, key: `sample:${workflow}`, labels };
  return (await client.runs.start({ body })).runId;
}

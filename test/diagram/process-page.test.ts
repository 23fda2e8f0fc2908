import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { incidentResponse } from '../../machines/incident-response/workflow.ts';
import { loadMachines } from '../../src/cli/machines.ts';
import { processPages, stalePages } from '../../src/cli/process-pages.ts';
import { processPage } from '../../src/diagram/process-page.ts';
import { defineTask, defineWorkflow } from '../../src/index.ts';
import { everything, hostile } from './samples.ts';

const folder = fileURLToPath(new URL('../../docs/processes', import.meta.url));
const machines = fileURLToPath(new URL('../../machines', import.meta.url));
const pictures = { steps: 'a.svg', states: 'b.svg' };
const page = (workflow: { plan: typeof everything.plan }) =>
  processPage(workflow.plan, pictures, null);

describe('docs/processes', () => {
  it('holds the pages that the definitions yield today; `npm run draw` brings them up to date', async () => {
    const { workflows } = await loadMachines(machines);

    const pages = await processPages(workflows.map(({ workflow }) => workflow));

    expect(await stalePages(folder, pages)).toEqual([]);
  }, 60_000);

  it('is stale when one word of a step’s description changes, and the line is named', async () => {
    const { plan } = incidentResponse;
    const nodes = plan.nodes.map((node) =>
      node.id === 'enrich'
        ? { ...node, description: 'Adds what the maintenance logs know.' }
        : node,
    );
    const pages = await processPages([{ ...incidentResponse, plan: { ...plan, nodes } }]);

    const stale = await stalePages(folder, pages);

    expect(stale.find(({ file }) => file === 'incident-response.md')).toMatchObject({
      kind: 'changed',
      difference: {
        committed: expect.stringContaining('maintenance records'),
        wanted: expect.stringContaining('maintenance logs'),
      },
    });
  });

  it('has no page of a workflow that is gone', async () => {
    const stale = await stalePages(folder, await processPages([incidentResponse]));

    expect(stale).toContainEqual({
      file: 'quarterly-report.md',
      kind: 'superfluous',
      difference: null,
    });
    expect(stale.map(({ file }) => file)).toContain('quarterly-report.states.svg');
  });
});

describe('a process page', () => {
  it('is the same for the same plan', () => {
    const restored = JSON.parse(JSON.stringify(everything.plan)) as typeof everything.plan;

    expect(page({ plan: restored })).toBe(page(everything));
  });

  it('tells what each kind of step does', () => {
    const text = page(everything);

    for (const line of [
      '- **Expires**: after 2d; it counts as rejected',
      '- **Decides**: approved automatically if all in stock, else a person decides',
      '- **Waits**: 24h; then the run fails',
      '- **At a time**: 4',
      '- **Undo (task `charge`)**: **cannot be undone**',
      '| `lines` | list of string | required | – |',
      '| `receipt` | – | if kind is card | – | – |',
    ])
      expect(text).toContain(line);
  });

  it('shows which fields are sensitive, and no literal that goes into one', () => {
    const secretive = defineWorkflow({
      name: 'secretive',
      version: 1,
      input: z.object({ pin: z.string().meta({ sensitive: true }), name: z.string() }),
      steps: (w) =>
        w.task('call', call, { input: { token: 'hunter2', to: w.input.$.name, note: 'hello' } }),
    });

    const text = page(secretive);

    expect(text).not.toContain('hunter2');
    expect(text).toContain('`{ token: [redacted], to: input.name, note: "hello" }`');
    expect(text).toContain('| `pin` | string | required, **sensitive** | – |');
    expect(text).toContain('- input of `call`: `token`');
  });

  it('keeps what an author writes from becoming markup', () => {
    const text = page(hostile);

    expect(text).not.toMatch(/(?<!\\)<(?!!--|br>)/);
    for (const row of text.split('\n').filter((line) => line.startsWith('| `ready`')))
      expect(row.replaceAll('\\|', '').match(/\|/g)).toHaveLength(6);
  });
});

const call = defineTask({
  name: 'call',
  input: z.object({
    token: z.string().meta({ sensitive: true }),
    to: z.string(),
    note: z.string(),
  }),
  output: z.number(),
  compensate: 'none',
  run: () => Promise.resolve(1),
});

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { type Client, createClient } from '../../src/client/index.ts';
import { createOrchestrator, defineTask, defineWorkflow } from '../../src/index.ts';
import { createApp } from '../../src/service/app.ts';

const pack = defineTask({
  name: 'pack',
  repeat: 'safe',
  compensate: 'none',
  input: z.object({ orderId: z.string() }),
  output: z.object({ parcel: z.string() }),
  run: async ({ input }) => ({ parcel: `p-${input.orderId}` }),
});

const orderOf = (version: number, name: string) =>
  defineWorkflow({
    name: 'order',
    version,
    description: 'Packs an order',
    input: z.object({ orderId: z.string(), card: z.string().meta({ sensitive: true }) }),
    steps: (w) => {
      const approval = w.review('approval', {
        form: z.object({ amount: z.number() }),
        assignTo: ['sales'],
        expires: '1d',
      });
      const packed = w.task(name, pack, {
        input: { orderId: w.input.$.orderId },
        after: [approval],
      });
      return w.finish(packed, { approve: 'automatic' });
    },
  });

const [first, second] = [orderOf(1, 'pack'), orderOf(2, 'wrap')];
let client: Client;
let runId: string;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-'));
  await writeFile(join(folder, 'order.json'), '{"orderId":"o-1","card":"x"}');
  await writeFile(join(folder, 'other.json'), '{"no":"order"}');
  const store = createMemoryStore();
  const before = await createOrchestrator({ workflows: [first], store });
  ({ runId } = await before.start(first, { orderId: 'o-1', card: 'x' }));
  await before.drive(runId);
  await before.close();
  const module = pathToFileURL(join(folder, 'workflow.ts'));
  const orchestrator = await createOrchestrator({
    workflows: [second].map((workflow) => ({ workflow, module })),
    store,
  });
  const app = await createApp({ orchestrator, store, clock: systemClock });
  client = createClient({ url: await app.listen({ host: '127.0.0.1', port: 0 }) });
  return async () => {
    await app.close();
    await orchestrator.close();
    await rm(folder, { recursive: true });
  };
});

const params = { workflow: 'order' };

describe('calls about workflows', () => {
  it('lists workflows with the number of their runs by status', async () => {
    const { workflows, problems } = await client.workflows.list();

    expect(problems).toEqual([]);
    expect(workflows).toMatchObject([
      { name: 'order', version: 2, versions: [2], runs: { processing: 1 }, reviews: 1 },
    ]);
  });

  it('describes one: input and forms as JSON Schema, the inputs beside its module that fit, sensitive fields', async () => {
    const order = await client.workflows.get({ params });

    expect(order.input).toMatchObject({ required: ['orderId', 'card'] });
    expect(order.examples.map(({ name }) => name)).toEqual(['order.json']);
    expect(order.steps.map(({ id, kind }) => [id, kind])).toEqual([
      ['approval', 'review'],
      ['wrap', 'task'],
    ]);
    expect(order.reviews).toMatchObject([
      { step: 'approval', expiresMs: 86_400_000, form: { required: ['amount'] } },
    ]);
    expect(order.sensitive.input).toEqual([['card']]);
    const lines = (await readFile(import.meta.filename, 'utf8')).split('\n');
    const file = 'test/service/workflows.test.ts';
    const at = (text: string) => ({
      file,
      line: lines.findIndex((each) => each.includes(text)) + 1,
    });
    expect(order).toMatchObject({
      // Outside the folder the service was started in: no path of this machine.
      module: 'workflow.ts',
      code: at('defineWorkflow({'),
      steps: [
        { code: at("w.review('approval'"), handler: null },
        { code: at('w.task(name, pack'), handler: at('const pack = ') },
      ],
    });
    const step = { params: { runId, step: 'approval' } };
    expect(await client.runs.step(step)).toMatchObject({ code: null, handler: null });
  });

  it('draws it in both views, with a path, with counts, and as the plan that only the store has', async () => {
    const steps = await client.workflows.drawing({ params, query: { highlight: 'approval,wrap' } });
    const states = await client.workflows.drawing({ params, query: { view: 'states' } });
    const heat = await client.workflows.drawing({ params, query: { heat: 'tests' } });
    const old = await client.workflows.drawing({ params, query: { plan: '1' } });

    expect(steps.svg).toContain('data-node="wrap"');
    expect(states.svg).toContain('data-node="processing.working"');
    expect(heat.svg).toContain('path tests take it');
    expect(old.svg).toContain('data-node="pack"');
    await expect(
      client.workflows.drawing({ params, query: { highlight: 'nowhere' } }),
    ).rejects.toMatchObject({ status: 422, code: 'PATH_UNKNOWN' });
  });

  it('answers what is proved, what tests and runs cover, and the page about the process', async () => {
    const proofs = await client.workflows.proofs({ params });
    const coverage = await client.workflows.coverage({ params });
    const { markdown } = await client.workflows.page({ params });

    expect(proofs.rules.map(({ rule }) => rule)).toContain('completion-reviewed');
    expect(proofs.undo.length + proofs.limits.length).toBeGreaterThan(0);
    expect(coverage).toMatchObject({ runs: 0, otherVersions: 1, isPartial: false });
    expect(coverage.paths).toBeGreaterThan(1);
    expect(markdown).toContain('# order');
  });

  it('compares versions, judges the runs of the old one, and moves them with a mapping', async () => {
    const { versions } = await client.workflows.versions({ params });
    const twoVersions = { from: '1', to: '2' };
    const diff = await client.workflows.diff({ params, query: twoVersions });
    const verdicts = await client.workflows.verdicts({ params, query: twoVersions });

    const drawing = { params, query: { since: '1' } } as const;
    const { svg } = await client.workflows.drawing(drawing);
    const changeOf = (node: string) =>
      new RegExp(`data-node="${node}"[^>]*data-change="(\\w+)"`).exec(svg)?.[1];

    expect(['wrap', 'pack', 'approval'].map(changeOf)).toEqual(['added', 'removed', undefined]);
    expect(svg).toContain('1 run here');
    expect(versions).toMatchObject([
      { version: 2, isNewest: true, runs: {} },
      { version: 1, isRegistered: false, lacking: [], runs: { processing: 1 } },
    ]);
    expect(diff.steps.renamed).toEqual([{ from: 'pack', to: 'wrap' }]);
    expect(verdicts).toMatchObject({
      counts: { continues: 1, needs_mapping: 0, cannot: 0 },
      runs: [{ runId, at: ['approval'] }],
      cursor: null,
    });

    const body = { to: 2, reason: 'wrapping instead of packing' };
    const dry = await client.workflows.migrate({ params, body });
    expect(dry).toMatchObject({ dryRun: true, runs: [{ runId, outcome: 'moved' }] });
    expect(await client.runs.get({ params: { runId } })).toMatchObject({ version: 1 });
    await client.workflows.migrate({ params, body: { ...body, dryRun: false } });
    expect(await client.runs.get({ params: { runId } })).toMatchObject({ version: 2 });
  });

  it('simulates within bounds, and refuses a model of steps that are not there', async () => {
    const simulation = await client.workflows.simulate({ params, body: { runs: 200 } });

    expect(simulation).toMatchObject({ runs: 200, learnedFrom: null });
    expect(simulation.svg).toContain('<svg');
    await expect(
      client.workflows.simulate({ params, body: { model: { steps: { nowhere: {} } } } }),
    ).rejects.toMatchObject({ status: 422, code: 'INPUT_INVALID' });
    await expect(
      client.workflows.simulate({ params, body: { runs: 1_000_000 } }),
    ).rejects.toMatchObject({ status: expect.any(Number) });
  });

  it('serves others while it simulates', async () => {
    const simulating = new Set(['it']);
    let served = 0;
    const simulated = client.workflows.simulate({ params, body: { runs: 1_000 } }).finally(() => {
      simulating.clear();
    });

    for (; simulating.size > 0; served += 1) await client.runs.list({ query: { limit: 1 } });

    expect(served).toBeGreaterThan(5);
    expect(await simulated).toMatchObject({ runs: 1_000 });
  });

  it('says which workflows there are if one is unknown', async () => {
    await expect(client.workflows.proofs({ params: { workflow: 'odrer' } })).rejects.toMatchObject({
      status: 404,
      code: 'WORKFLOW_UNKNOWN',
    });
  });
});

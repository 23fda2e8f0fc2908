import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Pack } from '../../src/api/run-shapes.ts';
import { verifyPack } from '../../src/engine/verify-pack.ts';
import { defineWorkflow } from '../../src/index.ts';
import type { ServiceParts } from '../../src/service/parts.ts';
import { compareRuns } from '../../src/service/runs/comparison.ts';
import { createDeeds } from '../support/deeds.ts';
import { openOnce } from '../support/open-once.ts';
import { openService, type ServiceBench } from '../support/service-bench.ts';

const deeds = createDeeds();
const change = defineWorkflow({
  name: 'change',
  version: 1,
  input: z.object({ what: z.string() }),
  steps(w) {
    const made = w.task('prepare', deeds.task('prepare'), { input: w.input });
    const review = w.review('approval', {
      show: made,
      form: z.strictObject({
        reason: z.string().min(3),
        pin: z.string().meta({ sensitive: true }).optional(),
      }),
    });
    const isApproved = w.is(review, 'approved', ({ outcome }) => outcome === 'approved', {
      otherwise: 'Action was not approved.',
    });
    return w.task('apply', deeds.task('apply'), { input: review, when: isApproved });
  },
});

let bench: ServiceBench;
openOnce(async () => {
  bench = await openService([change]);
  return bench.close;
});

/** What comparing takes of a service. */
function partsOf({ orchestrator }: ServiceBench): Pick<ServiceParts, 'orchestrator'> {
  return { orchestrator };
}

async function anOpenReview(what = 'a change'): Promise<string> {
  const { runId } = await bench.client.runs.start({
    body: { workflow: 'change', input: { what }, labels: { team: 'ops' } },
  });
  await bench.client.runs.wait({ params: { runId } });
  return runId;
}

describe('calls about runs', () => {
  it('starts a run, and shows what it waits for and what it would undo', async () => {
    const { client } = bench;
    const runId = await anOpenReview();

    expect(await client.runs.get({ params: { runId } })).toMatchObject({
      workflow: 'change',
      actor: 'developer',
      waitingOn: [{ kind: 'review', step: 'approval' }],
    });
    expect(await client.runs.explain({ params: { runId } })).toMatchObject({
      events: expect.arrayContaining([
        { event: 'approval.decided', open: true, blockedBy: [], judgedBy: ['canDecide'] },
      ]),
    });
    expect(await client.runs.undoList({ params: { runId } })).toMatchObject({ running: [] });
    await expect(
      client.runs.start({ body: { workflow: 'change', input: {} } }),
    ).rejects.toMatchObject({ status: 422, code: 'INPUT_INVALID' });
  });

  it('pages through a history from either end, and finds its chain sound', async () => {
    const { client } = bench;
    const params = { runId: await anOpenReview() };
    const { entries: all, total } = await client.runs.history({ params });
    const newest: number[] = [];
    for (let beforeSeq: number | null = total + 1; beforeSeq !== null; ) {
      const page: Awaited<ReturnType<typeof client.runs.history>> = await client.runs.history({
        params,
        query: { order: 'newest', limit: 2, beforeSeq },
      });
      newest.push(...page.entries.map(({ seq }) => seq));
      beforeSeq = page.next;
    }

    expect(newest).toEqual(all.map(({ seq }) => seq).reverse());
    expect(await client.runs.history({ params, query: { afterSeq: 1, limit: 1 } })).toMatchObject({
      entries: [{ seq: 2 }],
      next: 2,
    });
    expect(await client.runs.verify({ params })).toMatchObject({ entries: total, fault: null });
  });

  it('filters, searches and counts', async () => {
    const { client } = bench;
    const runId = await anOpenReview();
    await client.runs.cancel({ params: { runId }, body: { reason: 'not needed' } });
    await client.runs.wait({ params: { runId }, query: { until: 'finished' } });
    const listed = async (query: Parameters<typeof client.runs.list>[0]) =>
      (await client.runs.list(query)).runs.map((run) => run.runId);

    expect(await listed({ query: { q: runId.toUpperCase(), status: ['cancelled'] } })).toEqual([
      runId,
    ]);
    expect(await listed({ query: { q: 'OPS', label: ['team=ops'], version: 1 } })).toContain(runId);
    expect(await listed({ query: { label: ['team=other'] } })).toEqual([]);
    const waiting = await anOpenReview();
    await bench.clock.advance(2_000);
    const query = { waitsFor: ['review' as const], state: 'processing.working.approval' };
    expect(await listed({ query: { ...query, waitsLongerThanMs: 1_999 } })).toContain(waiting);
    expect(await listed({ query: { ...query, waitsLongerThanMs: 100_000 } })).toEqual([]);
    const first = await client.runs.list({ query: { limit: 1 } });
    expect(first.cursor).not.toBeNull();
    expect(await listed({ query: { limit: 1, cursor: first.cursor ?? '' } })).not.toEqual([
      first.runs[0]?.runId,
    ]);
    const counts = await client.runs.counts({ query: { status: ['cancelled'] } });
    expect(counts).toEqual({
      total: 1,
      status: { cancelled: 1 },
      workflows: [{ workflow: 'change', total: 1, status: { cancelled: 1 } }],
    });
  });

  it('pauses, resumes, looks back, forks and compares', async () => {
    const { client } = bench;
    const runId = await anOpenReview();
    const params = { runId };

    expect(await client.runs.pause({ params, body: {} })).toMatchObject({ paused: true });
    expect(await client.runs.resume({ params, body: {} })).toMatchObject({ paused: false });
    expect(await client.runs.at({ params: { runId, seq: 1 } })).toMatchObject({ seq: 1 });
    const preview = await client.runs.previewFork({ params, body: { at: 3 } });
    const fork = await client.runs.fork({ params, body: { at: 3, reason: 'to try' } });
    expect(fork).toMatchObject({ ...preview, forkedFrom: { runId, seq: 3 } });
    const other = await anOpenReview('another change');
    expect(await client.runs.compare({ params: { runId, otherId: other } })).toMatchObject({
      left: { runId },
      right: { runId: other },
      divergence: {},
    });
    expect(await client.runs.compare({ params: { runId, otherId: runId } })).toMatchObject({
      divergence: null,
    });
  });

  it('draws a run, and says the same in rows and about each step', async () => {
    const { client } = bench;
    const runId = await anOpenReview();
    const params = { runId };

    const svg = await client.runs.diagram({ params, query: { theme: 'dark', highlight: 'apply' } });
    const { nodes } = await client.runs.nodes({ params });
    const step = await client.runs.step({ params: { runId, step: 'prepare' } });

    for (const { node, state } of nodes)
      if (node === 'prepare' || node === 'approval')
        expect(svg).toMatch(new RegExp(`data-node="${node}"[^>]*data-state="${state}"`));
    expect(nodes).toContainEqual(
      expect.objectContaining({ node: 'approval', state: 'waiting', kind: 'review' }),
    );
    expect(step).toMatchObject({
      kind: 'task',
      state: 'done',
      input: { what: 'a change' },
      output: 'prepare done',
      attempts: [{ attempt: 1, error: null }],
    });
    await expect(client.runs.step({ params: { runId, step: 'nothing' } })).rejects.toMatchObject({
      status: 404,
      code: 'STEP_UNKNOWN',
    });
  });

  it('packs a run for an audit and copies it as a test', async () => {
    const { client } = bench;
    const params = { runId: await anOpenReview() };

    const pack = await client.runs.export({ params });
    const test = await client.runs.copyAsTest({ params, query: { exported: 'change' } });

    expect(pack).toMatchObject({ run: params, chain: { fault: null } });
    expect(pack.history).toHaveLength(pack.run.entries);
    expect(test.passes).toBe(true);
    expect(test.file).toContain('import { change } from "./workflow.ts"');
  });

  it('a pack is proven by itself, whatever sensitive values are left out, and not after a change', async () => {
    const { client, orchestrator } = bench;
    const runId = await anOpenReview();
    await orchestrator.decide(runId, 'approval', {
      outcome: 'approved',
      form: { reason: 'it is time', pin: '4711-0815' },
      actor: 'ann',
    });
    await orchestrator.drive(runId);

    const text = JSON.stringify(await client.runs.export({ params: { runId } }));

    const pack = Pack.parse(JSON.parse(text));
    const decided = pack.history.find(({ event }) => event === 'approval.decided');
    expect(text).not.toContain('4711-0815');
    expect(verifyPack(pack)).toMatchObject({
      entries: pack.run.entries,
      fault: null,
      headHash: pack.history.at(-1)?.hash,
      unproven: [decided?.seq],
    });
    const changed = (seq: number, change: object) => ({
      ...pack,
      history: pack.history.map((entry) => (entry.seq === seq ? { ...entry, ...change } : entry)),
    });
    const prepared = pack.history.find(({ event }) => event === 'prepare.completed')?.seq ?? 0;
    const faults = [
      changed(prepared, { output: 'nothing done' }),
      changed(prepared, { actor: 'eve' }),
      changed(decided?.seq ?? 0, { hash: pack.history[0]?.hash }),
      { ...pack, history: pack.history.slice(0, -1) },
    ].map((forged) => verifyPack(forged).fault);
    expect(faults).toEqual([
      { seq: prepared, reason: 'its output was changed' },
      { seq: prepared, reason: 'was changed after it was written' },
      { seq: (decided?.seq ?? 0) + 1, reason: 'does not follow the entry before it' },
      { seq: pack.run.entries, reason: expect.stringContaining('the history ends') },
    ]);
  });

  it('E-02: a caller who is limited to workflows does not see a run beside another', async () => {
    const runId = await anOpenReview();
    const limited = { workflows: ['refund'] };

    const compared = compareRuns(partsOf(bench), runId, runId, limited);

    await expect(compared).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect(await compareRuns(partsOf(bench), runId, runId, {})).toMatchObject({ divergence: null });
  });

  it('removes nothing unless it is told to', async () => {
    const { client, clock } = bench;
    const finishedBefore = new Date(clock.nowMs() + 1_000).toISOString();

    const { total, removed } = await client.runs.prune({ body: { finishedBefore } });

    expect(removed).toBe(false);
    expect(await client.runs.prune({ body: { finishedBefore } })).toMatchObject({ total });
  });

  it('never waits longer than it was told', async () => {
    const { client, clock } = bench;
    const params = { runId: await anOpenReview() };

    const waiting = client.runs.wait({ params, query: { until: 'finished', timeoutMs: 500 } });
    await clock.advance(500);

    expect(await waiting).toMatchObject({ reached: false, run: params });
  });
});

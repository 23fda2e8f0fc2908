import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineTask, defineWorkflow, TransientError } from '../../src/index.ts';
import { playRecording } from '../../src/testing/recorded/play.ts';
import { recordRun } from '../../src/testing/recorded/record.ts';
import { scenarios } from '../chart/support/scenarios.ts';
import { aWorld } from '../engine/unit/support/world.ts';
import { hour, openBench } from '../support/engine-bench.ts';

const note = defineEvent({
  name: 'note',
  payload: z.object({ text: z.string(), pin: z.string().meta({ sensitive: true }) }),
});
let calls = 0;
const pack = defineTask({
  name: 'pack',
  input: z.object({ item: z.string() }),
  output: z.object({ box: z.string(), secret: z.string().meta({ sensitive: true }) }),
  compensate: 'none',
  retry: { maxAttempts: 3, backoff: { kind: 'exponential', initial: '10s', jitter: 'full' } },
  run: async ({ input, attempt }) => {
    calls += 1;
    if (attempt === 1) throw new TransientError('busy');
    return { box: `box of ${input.item}`, secret: 'sesame' };
  },
});
const child = defineWorkflow({
  name: 'child',
  version: 1,
  input: z.object({ item: z.string() }),
  steps: (w) => w.task('pack', pack, { input: w.input }),
});
const workflowWith = (isLarge: (items: readonly string[]) => boolean) =>
  defineWorkflow({
    name: 'parcels',
    version: 1,
    input: z.object({ items: z.array(z.string()) }),
    steps(w) {
      const large = w.is(w.input, 'large', ({ items }) => isLarge(items));
      const packed = w.map('packed', w.input.$.items, { concurrency: 2 }, (item) =>
        w.task('one', pack, { input: { item } }),
      );
      const first = w.child('first', child, { input: { item: 'tea' }, after: [packed] });
      const heard = w.waitFor('heard', note, { within: '3d', onTimeout: 'continue' });
      const ok = w.review('ok', { when: large, after: [first, heard], expires: '2h' });
      const nap = w.sleep('nap', { for: '1h', after: [ok] });
      const end = w.derive('end', first, ({ box }) => box, { after: [nap] });
      return w.finish(end, { approve: 'automatic' });
    },
  });
const parcels = workflowWith((items) => items.length > 1);

async function recorded() {
  const bench = await openBench({ workflows: [parcels] });
  const { runId } = await bench.engine.start(parcels, { items: ['a', 'b'] }, { actor: 'web' });
  await bench.clock.advance(20_000);
  await bench.engine.signal(
    runId,
    note,
    { text: 'early', pin: 'sesame' },
    { id: 'n-1', actor: 'eve' },
  );
  await bench.clock.advance(20_000);
  await bench.engine.decide(runId, 'ok', { outcome: 'approved', actor: 'ann', comment: 'fine' });
  await bench.clock.advance(2 * hour);
  calls = 0;
  return recordRun(bench.store, runId);
}

describe('a recorded run', () => {
  it('goes the same way again, without a task being called', async () => {
    const { recording, course } = await recorded();

    const played = await playRecording(parcels, recording);

    expect(course.status).toBe('complete');
    expect(played).toEqual(course);
    expect(calls).toBe(0);
  });

  it('holds nothing sensitive', async () => {
    expect(JSON.stringify(await recorded())).not.toContain('sesame');
  });

  it('goes another way if the workflow does', async () => {
    const { recording, course } = await recorded();

    const played = await playRecording(
      workflowWith(() => false),
      recording,
    );

    expect(played.events).toContain('ok.skipped: processing');
    expect(played.events).not.toEqual(course.events);
  });

  it('goes the same way whatever happened in it', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(scenarios(6), async (scenario) => {
        const world = aWorld(scenario);
        const bench = await openBench({ workflows: [world.workflow] });
        const { runId } = await bench.engine.start('flow', null);
        for (let turn = 0; turn < 6; turn += 1) {
          await bench.clock.advance(5_000);
          const { waitingOn, finishedAt } = await bench.engine.get(runId);
          const open = waitingOn.find(({ kind }) => kind === 'review');
          if (open !== undefined && !open.what.includes('took effect'))
            await bench.engine.decide(runId, open.step, {
              outcome: 'approved',
              actor: 'ann',
              form: {},
            });
          // It may have ended meanwhile.
          if (turn === scenario.cancelAfter && finishedAt === null)
            await bench.engine.cancel(runId).catch(() => {});
        }
        const { recording, course } = await recordRun(bench.store, runId);
        if (course.events.some((event) => /deferr/.test(event))) return;
        compared += 1;

        expect(await playRecording(world.workflow, recording)).toEqual(course);
      }),
      { numRuns: 20, seed: 7 },
    );
    expect(compared).toBeGreaterThan(10);
  });
});

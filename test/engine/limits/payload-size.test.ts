import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineTask, defineWorkflow } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { openBench, until } from '../../support/engine-bench.ts';

const limit = 1_000;
/** `{"text":""}` */
const frame = 11;
const ofBytes = (bytes: number) => ({ text: 'x'.repeat(bytes - frame) });
const tooLarge = [limit + 1, limit * 10];
const Payload = z.object({ text: z.string() });
const posted = defineEvent({ name: 'letter.posted', payload: Payload });

/** Hands its input to a task, then waits for an event, then for a person. */
function aWorkflow(run: (input: { text: string }) => { text: string } = (input) => input) {
  const deeds = createDeeds();
  const copy = defineTask({
    name: 'copy',
    input: Payload,
    output: Payload,
    compensate: 'none',
    run: async ({ input }) => run(input),
  });
  const workflow = defineWorkflow({
    name: 'letters',
    version: 1,
    input: Payload,
    steps(w) {
      const copied = w.task('copy', copy, { input: w.input });
      const letter = w.waitFor('letter', posted, { after: [copied] });
      const reviewed = w.review('approval', { form: Payload, after: [letter] });
      w.task('follow', deeds.task('follow'), { input: reviewed });
      return letter;
    },
  });
  return { workflow, deeds };
}

async function aBench(run?: (input: { text: string }) => { text: string }) {
  const { workflow, deeds } = aWorkflow(run);
  const bench = await openBench({ workflows: [workflow], settings: { maxPayloadBytes: limit } });
  return { workflow, deeds, bench, engine: bench.engine };
}

describe('a payload at the limit', () => {
  it('B-01: is accepted as run input, task output, signal and form', async () => {
    const { engine, workflow } = await aBench();

    const run = await engine.start(workflow, ofBytes(limit));
    await engine.drive(run.runId);
    await engine.signal(run.runId, posted, ofBytes(limit));
    await engine.drive(run.runId);
    await engine.decide(run.runId, 'approval', {
      outcome: 'approved',
      actor: 'ann',
      form: ofBytes(limit),
    });

    expect(await run.result()).toEqual(ofBytes(limit));
  });

  it('B-01: is counted in bytes, not in characters', async () => {
    const { engine, workflow } = await aBench();

    await expect(engine.start(workflow, { text: 'é'.repeat(495) })).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      details: { bytes: 1_001, maxBytes: limit },
    });
  });
});

describe('a payload beyond the limit', () => {
  it.each(tooLarge)(
    'B-01: is refused as run input of %i bytes, and no run is stored',
    async (bytes) => {
      const { engine, workflow } = await aBench();

      await expect(engine.start(workflow, ofBytes(bytes), { key: 'k' })).rejects.toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
        message: `Input of workflow "letters" has ${bytes} bytes; at most ${limit} are accepted`,
        details: { bytes, maxBytes: limit },
      });

      expect(await engine.list()).toMatchObject({ runs: [] });
      // nor is its key taken
      expect(await engine.start(workflow, ofBytes(20), { key: 'k' })).toMatchObject({
        created: true,
      });
    },
  );

  it.each(tooLarge)('B-01: fails the run at the step whose output has %i bytes', async (bytes) => {
    const { engine, workflow, deeds } = await aBench(() => ofBytes(bytes));

    const run = await engine.start(workflow, ofBytes(20));

    await expect(run.result()).rejects.toThrow(
      `Output of step "copy" has ${bytes} bytes; at most ${limit} are kept`,
    );
    const view = await engine.get(run.runId);
    expect(view).toMatchObject({ status: 'failed', outcome: { failure: { step: 'copy' } } });
    expect(JSON.stringify(await engine.history(run.runId))).not.toContain('xxxxx'.repeat(20));
    expect(deeds.names).toEqual([]);
  });

  it.each(tooLarge)(
    'B-01: is refused as signal of %i bytes, and the run waits on',
    async (bytes) => {
      const { engine, workflow } = await aBench();
      const { runId } = await engine.start(workflow, ofBytes(20));
      const before = await engine.drive(runId);

      await expect(
        engine.signal(runId, posted, ofBytes(bytes), { id: 's-1' }),
      ).rejects.toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
        message: expect.stringContaining(`has ${bytes} bytes; at most ${limit}`),
      });

      expect(await engine.get(runId)).toEqual(before);
      // its id is not taken
      expect(await engine.signal(runId, posted, ofBytes(20), { id: 's-1' })).toEqual({
        delivered: true,
      });
    },
  );

  it.each(tooLarge)('B-01: is refused as published event of %i bytes', async (bytes) => {
    const { engine, workflow } = await aBench();
    const { runId } = await engine.start(workflow, ofBytes(20));
    const before = await engine.drive(runId);

    await expect(engine.publish(posted, ofBytes(bytes))).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      message: expect.stringContaining(`has ${bytes} bytes; at most ${limit}`),
    });

    expect(await engine.get(runId)).toEqual(before);
  });

  it.each(tooLarge)(
    'B-01: is refused as form of %i bytes, and the review stays open',
    async (bytes) => {
      const { engine, workflow, deeds } = await aBench();
      const { runId } = await engine.start(workflow, ofBytes(20));
      await engine.drive(runId);
      await engine.signal(runId, posted, ofBytes(20));
      const before = await engine.drive(runId);
      const decide = (form: unknown) =>
        engine.decide(runId, 'approval', { outcome: 'approved', actor: 'ann', form });

      await expect(decide(ofBytes(bytes))).rejects.toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
        message: `Form of review "approval" has ${bytes} bytes; at most ${limit} are accepted`,
      });

      expect(await engine.get(runId)).toEqual(before);
      await decide(ofBytes(20));
      await until(() => deeds.names.length === 1);
    },
  );

  it('B-01: is refused as output of an attempt that a person vouches for', async () => {
    const task = createDeeds().task('charge', {
      repeat: 'unsafe',
      run: () => new Promise(() => {}),
    });
    const workflow = defineWorkflow({
      name: 'charging',
      version: 1,
      input: z.object({}),
      steps: (w) => w.task('charge', task, { input: w.input }),
    });
    const bench = await openBench({
      workflows: [workflow],
      settings: { maxPayloadBytes: limit },
    });
    const { runId } = await bench.engine.start(workflow, {});
    await bench.clock.advance(0);
    const engine = await bench.crash();
    await bench.clock.advance(60_000);
    const before = await engine.drive(runId);
    expect(before.waitingOn).toMatchObject([{ kind: 'review', step: 'charge' }]);

    await expect(
      engine.decide(runId, 'charge', { outcome: 'happened', actor: 'ann', output: ofBytes(1_001) }),
    ).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });

    expect(await engine.get(runId)).toEqual(before);
  });
});

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { defineTask, defineWorkflow, type Store, TransientError } from '../../../src/index.ts';
import { aGate } from '../../support/deeds.ts';
import { day, openBench, second, until } from '../../support/engine-bench.ts';

function createQuote() {
  const calls: string[] = [];
  const gates: (() => void)[] = [];
  let isGated = false;
  const quote = defineTask({
    name: 'quote',
    input: z.object({ customer: z.string() }),
    output: z.object({ price: z.number() }),
    key: (input) => input.customer,
    remember: '24h',
    compensate: 'none',
    async run({ input }) {
      calls.push(input.customer);
      if (isGated) await new Promise<void>((resolve) => gates.push(resolve));
      return { price: 100 + calls.length };
    },
  });
  const workflow = defineWorkflow({
    name: 'quoting',
    version: 1,
    input: z.object({ customer: z.string() }),
    steps: (w) => w.task('quote', quote, { input: w.input }),
  });
  return {
    calls,
    workflow,
    gate: () => {
      isGated = true;
    },
    open: () => {
      isGated = false;
      for (const gate of gates) gate();
    },
  };
}

describe('a remembered result', () => {
  it('M041: is the answer of the next run with the same key, and the log says so', async () => {
    const { calls, workflow } = createQuote();
    const { engine, log } = await openBench({ workflows: [workflow] });

    const first = await (await engine.start(workflow, { customer: 'a' })).result();
    const second_ = await (await engine.start(workflow, { customer: 'a' })).result();
    await (await engine.start(workflow, { customer: 'b' })).result();

    expect(second_).toEqual(first);
    expect(calls).toEqual(['a', 'b']);
    expect(log.lines.some((line) => /remembered/.test(line.message))).toBe(true);
  });

  it('M040: is forgotten exactly when its time is over', async () => {
    const { calls, workflow } = createQuote();
    const { engine, clock } = await openBench({ workflows: [workflow] });
    await (await engine.start(workflow, { customer: 'a' })).result();

    await clock.advance(day - 1);
    await (await engine.start(workflow, { customer: 'a' })).result();
    const callsBefore = calls.length;
    await clock.advance(1);
    await (await engine.start(workflow, { customer: 'a' })).result();

    expect(callsBefore).toBe(1);
    expect(calls.length).toBe(2);
  });

  it('M042: two runs at once compute it once', async () => {
    const { calls, workflow, gate, open } = createQuote();
    const { engine, clock } = await openBench({ workflows: [workflow] });
    gate();
    const runs = await Promise.all([1, 2, 3].map(() => engine.start(workflow, { customer: 'a' })));
    await until(() => calls.length === 1);

    open();
    await clock.advance(2 * second);

    const results = await Promise.all(runs.map((run) => run.result()));
    expect(new Set(results.map((result) => result.price)).size).toBe(1);
    expect(calls).toEqual(['a']);
  });

  it('M043: is computed by the run that had claimed it, after a crash between claim and result', async () => {
    const { calls, workflow, gate, open } = createQuote();
    const bench = await openBench({ workflows: [workflow] });
    gate();
    const run = await bench.engine.start(workflow, { customer: 'a' });
    await until(() => calls.length === 1);
    open();

    const reopened = await bench.crash();

    await until(async () => (await reopened.get(run.runId)).status === 'complete');
    expect(calls).toEqual(['a', 'a']);
  });

  it('is free for others when its claimant has failed', async () => {
    let isBroken = true;
    const fragile = defineTask({
      name: 'fragile',
      input: z.object({}),
      output: z.string(),
      key: () => 'only',
      remember: '24h',
      compensate: 'none',
      async run() {
        if (isBroken) throw new Error('broken');
        return 'whole';
      },
    });
    const workflow = defineWorkflow({
      name: 'fragile',
      version: 1,
      input: z.object({}),
      steps: (w) => w.task('it', fragile, { input: w.input }),
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    await expect((await engine.start(workflow, {})).result()).rejects.toThrow(/broken/);
    isBroken = false;

    const next = await engine.start(workflow, {});
    await clock.advance(2 * second);

    expect(await next.result()).toBe('whole');
  });

  it('is not waited for from a run that an open breaker has failed, or that has ended without it', async () => {
    let isDown = true;
    const quote = defineTask({
      name: 'quote',
      input: z.string(),
      output: z.string(),
      key: (input) => input,
      remember: '24h',
      compensate: 'none',
      breaker: { name: 'prices', failureThreshold: 1, resetAfter: '1m', whenOpen: 'fail' },
      async run({ input }) {
        if (isDown) throw new TransientError('no answer');
        return `price of ${input}`;
      },
    });
    const workflow = defineWorkflow({
      name: 'quoting',
      version: 1,
      input: z.string(),
      steps: (w) => w.task('quote', quote, { input: w.input }),
    });
    const { engine, clock, store } = await openBench({ workflows: [workflow] });
    const failed = async (input: string) => {
      const { runId, result } = await engine.start(workflow, input);
      await expect(result()).rejects.toMatchObject({ code: 'RUN_FAILED' });
      return runId;
    };
    await failed('opens it');

    await failed('pen');
    const ended = await failed('ink');
    // as it would be if its process had died over the attempt
    const claim = { key: 'quote:ink', claimant: `${ended}/quote` };
    await store.claimResult({ ...claim, expiresAtMs: clock.nowMs() + day }, clock.nowMs());
    isDown = false;
    await clock.advance(2 * 60 * second);

    for (const input of ['pen', 'ink']) {
      const { runId } = await engine.start(workflow, input);
      await clock.advance(0);
      expect(await engine.get(runId)).toMatchObject({ status: 'complete' });
    }
  });

  it('that takes long is asked for ever more rarely, so that the history of who waits stays short', async () => {
    const { workflow, gate, open } = createQuote();
    const { engine, clock } = await openBench({ workflows: [workflow] });
    gate();
    const first = await engine.start(workflow, { customer: 'a' });
    const waiting = await engine.start(workflow, { customer: 'a' });

    await clock.advance(10 * 60 * second);
    const entries = await engine.history(waiting.runId);
    open();
    await clock.advance(60 * second);

    expect(entries.length).toBeLessThan(150);
    expect(await waiting.result()).toEqual(await first.result());
  });

  it('is computed by another when the run that claimed it is paused before it begins', async () => {
    const { calls, workflow } = createQuote();
    const memory = createMemoryStore();
    const gate = aGate();
    const store: Store = {
      ...memory,
      async claimResult(claim, nowMs) {
        const held = await memory.claimResult(claim, nowMs);
        await gate.pass();
        return held;
      },
    };
    const { engine, clock } = await openBench({ workflows: [workflow], store });
    const paused = await engine.start(workflow, { customer: 'a' });
    await gate.reached;
    await engine.pause(paused.runId);
    gate.open();
    await clock.advance(0);
    expect(calls).toEqual([]);

    const next = await engine.start(workflow, { customer: 'a' });
    await clock.advance(0);
    expect(await engine.get(next.runId)).toMatchObject({ status: 'complete' });

    await engine.resume(paused.runId);
    expect(await paused.result()).toEqual(await next.result());
    expect(calls).toEqual(['a']);
  });
});

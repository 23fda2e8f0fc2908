import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineTask, defineWorkflow } from '../../../src/index.ts';
import { openBench } from '../../support/engine-bench.ts';

const levels = 100_000;
const Anything = z.object({ value: z.unknown() });
const posted = defineEvent({ name: 'posted', payload: Anything });

/** `{ inner: { inner: … } }` */
function nested(depth: number): unknown {
  let value: unknown = 'core';
  for (let level = 0; level < depth; level += 1) value = { inner: value };
  return value;
}

function aWorkflow() {
  const dig = defineTask({
    name: 'dig',
    input: Anything,
    output: z.unknown(),
    compensate: 'none',
    run: async ({ input }) => (input.value === 'dig' ? nested(levels) : 'done'),
  });
  return defineWorkflow({
    name: 'digging',
    version: 1,
    input: Anything,
    steps(w) {
      const dug = w.task('dig', dig, { input: w.input });
      const got = w.waitFor('got', posted, { after: [dug] });
      return w.review('approval', { form: Anything, after: [got] });
    },
  });
}

describe('JSON nested 100,000 levels deep', () => {
  it('B-02: is refused as run input, made of objects, of lists, or as a member of itself', async () => {
    const workflow = aWorkflow();
    const { engine } = await openBench({ workflows: [workflow] });
    let lists: unknown = [];
    for (let level = 0; level < levels; level += 1) lists = [lists];

    for (const value of [nested(levels), lists]) {
      await expect(engine.start(workflow, { value })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringContaining('nested more than 1000 levels deep'),
      });
    }

    expect(await engine.list()).toMatchObject({ runs: [] });
  });

  it('B-02: is refused as run input parsed from a text', async () => {
    const workflow = aWorkflow();
    const { engine } = await openBench({ workflows: [workflow] });
    const text = `${'[['.repeat(2_000)}1${']]'.repeat(2_000)}`;

    await expect(engine.start(workflow, { value: JSON.parse(text) })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('nested more than 1000 levels deep'),
    });
  });

  it('B-02: fails the run at the task that returns it', async () => {
    const workflow = aWorkflow();
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { value: 'dig' });

    await expect(run.result()).rejects.toThrow('nested more than 1000 levels deep');
    expect(await engine.get(run.runId)).toMatchObject({
      status: 'failed',
      outcome: { failure: { step: 'dig', name: 'OutputInvalid' } },
    });
  });

  it('B-02: is refused as signal, event and form, and the run waits on', async () => {
    const workflow = aWorkflow();
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, { value: 1 });
    const before = await engine.drive(runId);
    const deep = { value: nested(levels) };

    await expect(engine.signal(runId, posted, deep)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('nested more than 1000 levels deep'),
    });
    await expect(engine.publish(posted, deep)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('nested more than 1000 levels deep'),
    });
    expect(await engine.get(runId)).toEqual(before);

    await engine.signal(runId, posted, { value: 1 });
    await engine.drive(runId);
    await expect(
      engine.decide(runId, 'approval', { outcome: 'approved', actor: 'ann', form: deep }),
    ).rejects.toMatchObject({
      code: 'FORM_INVALID',
      message: expect.stringContaining('nested more than 1000 levels deep'),
    });
    expect(await engine.get(runId)).toMatchObject({ waitingOn: [{ kind: 'review' }] });
  });

  it('B-02: 900 levels pass from input to output', async () => {
    const workflow = defineWorkflow({
      name: 'passing',
      version: 1,
      input: Anything,
      steps: (w) => w.derive('same', w.input, (input) => input),
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { value: nested(900) });

    expect(JSON.stringify(await run.result())).toContain('core');
    expect(await engine.history(run.runId)).not.toEqual([]);
  });
});

describe('what is no JSON', () => {
  it.each([
    ['a BigInt', 1n],
    ['a Date', new Date(0)],
    ['a Map', new Map()],
    ['NaN', Number.NaN],
    ['a function', () => 1],
  ])('G-03: %s is refused as signal, event and form, by its path', async (kind, value) => {
    const workflow = aWorkflow();
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, { value: 1 });
    await engine.drive(runId);
    const refusal = {
      code: 'INPUT_INVALID',
      message: expect.stringContaining(`value: is ${kind}, which JSON cannot carry`),
    };

    await expect(engine.signal(runId, posted, { value })).rejects.toMatchObject(refusal);
    await expect(engine.publish(posted, { value })).rejects.toMatchObject(refusal);
    await engine.signal(runId, posted, { value: 1 });
    await engine.drive(runId);
    await expect(
      engine.decide(runId, 'approval', { outcome: 'approved', actor: 'ann', form: { value } }),
    ).rejects.toMatchObject({ ...refusal, code: 'FORM_INVALID' });
  });
});

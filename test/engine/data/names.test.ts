/* oxlint-disable unicorn/no-thenable -- what pretends to be a promise is the subject */
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineTask, defineWorkflow } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { eventsOf, openBench } from '../../support/engine-bench.ts';

const anyObject = z.record(z.string(), z.unknown());
const posted = defineEvent({ name: 'posted', payload: anyObject });
/** As it comes off the wire: `__proto__` is an own key. */
const poisoned = () =>
  JSON.parse('{"__proto__":{"polluted":true},"a":1}') as Record<string, unknown>;
const builtIns = () => ({
  constructor: { prototype: { polluted: true } },
  toString: 'text',
  hasOwnProperty: 1,
  valueOf: null,
  then: 'now',
  toJSON: 'mine',
  length: -1,
});

function aWorkflow() {
  const deeds = createDeeds();
  const workflow = defineWorkflow({
    name: 'names',
    version: 1,
    input: anyObject,
    steps(w) {
      const copied = w.task('copy', deeds.task('copy', { run: ({ input }) => input }), {
        input: w.input,
      });
      const got = w.waitFor('got', posted, { after: [copied] });
      return w.derive('both', { copied, got }, (both) => both);
    },
  });
  return { workflow, deeds };
}

afterEach(() => {
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect(Object.prototype.toString.call({})).toBe('[object Object]');
});

describe('keys that JavaScript knows', () => {
  it('G-01: are data like others, from input and signal to output, over a restart', async () => {
    const { workflow, deeds } = aWorkflow();
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, builtIns());
    await bench.engine.drive(runId);

    const engine = await bench.crash();
    await engine.signal(runId, posted, builtIns());

    expect(await engine.result(runId)).toEqual({ copied: builtIns(), got: builtIns() });
    expect(deeds.of('copy')[0]?.input).toEqual(builtIns());
  });

  it('G-01: __proto__ is refused as key of an input, a signal and an event, by its path', async () => {
    const { workflow } = aWorkflow();
    const { engine } = await openBench({ workflows: [workflow] });
    const text = '__proto__: is a key that JavaScript gives a meaning of its own';
    const refusal = { code: 'INPUT_INVALID', message: expect.stringContaining(text) };

    await expect(engine.start(workflow, poisoned())).rejects.toMatchObject(refusal);
    await expect(engine.start(workflow, { deep: [poisoned()] })).rejects.toMatchObject({
      ...refusal,
      details: { issues: [{ path: ['deep', 0, '__proto__'] }] },
    });
    const { runId } = await engine.start(workflow, {});
    await engine.drive(runId);
    await expect(engine.signal(runId, posted, poisoned())).rejects.toMatchObject(refusal);
    await expect(engine.publish(posted, poisoned())).rejects.toMatchObject(refusal);
    expect(await engine.get(runId)).toMatchObject({ waitingOn: [{ kind: 'event' }] });
  });

  it('G-01: __proto__ as key of an output fails the step', async () => {
    const workflow = defineWorkflow({
      name: 'poisoning',
      version: 1,
      input: z.object({}),
      steps: (w) =>
        w.task('poison', createDeeds().task('poison', { run: () => poisoned() }), {
          input: w.input,
        }),
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, {});

    await expect(run.result()).rejects.toThrow('__proto__: is a key');
  });

  it('G-01: are labels like others, or refused', async () => {
    const { workflow } = aWorkflow();
    const { engine } = await openBench({ workflows: [workflow] });
    const labels = { constructor: 'a', toString: 'b', hasOwnProperty: 'c' };

    const { runId } = await engine.start(workflow, {}, { labels });

    expect((await engine.get(runId)).labels).toEqual(labels);
    expect((await engine.list({ labels: { toString: 'b' } })).runs).toHaveLength(1);
    expect((await engine.list({ labels: { valueOf: 'b' } })).runs).toHaveLength(0);
    await expect(
      engine.start(workflow, {}, { labels: JSON.parse('{"__proto__":"x"}') }),
    ).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('__proto__'),
    });
  });

  it.each([
    ['a number', 1],
    ['an object', {}],
    ['undefined', undefined],
  ])('G-01: a label that is %s is refused by its name', async (_kind, value) => {
    const { workflow } = aWorkflow();
    const { engine } = await openBench({ workflows: [workflow] });

    const start = engine.start(workflow, {}, { labels: { tenant: value as unknown as string } });

    await expect(start).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('tenant'),
    });
    expect(await engine.list()).toMatchObject({ runs: [] });
  });

  it('G-01: are names of steps, tasks and milestones, with retries and undoing', async () => {
    const deeds = createDeeds();
    const names = ['toString', 'hasOwnProperty', 'valueOf', 'then', 'isPrototypeOf'] as const;
    const workflow = defineWorkflow({
      name: 'toString',
      version: 1,
      input: z.object({ fails: z.boolean() }),
      steps(w) {
        const fails = w.is(w.input, 'valueOf', ({ fails }) => fails);
        const first = w.sequence(() =>
          names.map((name) => w.task(name, deeds.task(name), { input: w.input })),
        );
        w.milestone('toLocaleString', { after: [...names] });
        w.task('last', deeds.task('last', { run: () => Promise.reject(new Error('no')) }), {
          input: w.input,
          when: fails,
          after: [...names],
        });
        return w.derive('all', first, (all) => all);
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const good = await engine.start(workflow, { fails: false });
    expect(await good.result()).toEqual(names.map((name) => `${name} done`));
    expect(await engine.get(good.runId)).toMatchObject({
      milestones: [{ name: 'toLocaleString' }],
    });

    const bad = await engine.start(workflow, { fails: true });
    await engine.drive(bad.runId, 'finished');
    expect(await eventsOf(engine, bad.runId)).toContain('toString.completed');
    expect(deeds.names.filter((what) => what.startsWith('undo'))).toEqual(
      names.toReversed().map((name) => `undo ${name}`),
    );
  });

  it('G-01: are keys of the run context', async () => {
    const workflow = defineWorkflow({
      name: 'counting',
      version: 1,
      input: z.object({}),
      context: {
        toString: { schema: z.number(), initial: 1, reduce: 'sum' },
        valueOf: { schema: z.record(z.string(), z.unknown()), initial: {}, reduce: 'merge' },
      },
      steps(w) {
        w.update('toString', 2);
        w.update('valueOf', { constructor: 1, hasOwnProperty: 2 });
        return w.derive('fixed', w.input, () => 1);
      },
    });
    const bench = await openBench({ workflows: [workflow] });

    const { runId } = await bench.engine.start(workflow, {});
    await bench.engine.drive(runId, 'finished');

    expect((await bench.engine.get(runId)).context).toStrictEqual({
      toString: 3,
      valueOf: { constructor: 1, hasOwnProperty: 2 },
    });
  });

  it('G-01: are asked for by nobody where steps, events and runs are looked up', async () => {
    const { workflow } = aWorkflow();
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    await engine.drive(runId);

    for (const name of ['toString', 'constructor', '__proto__']) {
      await expect(engine.get(name)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
      await expect(engine.start(name, {})).rejects.toMatchObject({ code: 'WORKFLOW_UNKNOWN' });
      await expect(engine.signal(runId, name, {})).rejects.toMatchObject({
        code: 'SIGNAL_UNKNOWN',
      });
      await expect(
        engine.decide(runId, name, { outcome: 'approved', actor: name }),
      ).rejects.toMatchObject({ code: 'REVIEW_NOT_OPEN' });
      const { created } = await engine.start(workflow, {}, { key: name, actor: name });
      expect(created).toBe(true);
    }
  });
});

describe('texts of 100,000 characters', () => {
  const long = 100_000;
  const hostile = [
    'a'.repeat(long),
    `${'a.'.repeat(long / 2)}@`,
    `a@${'a-'.repeat(long / 2)}`,
    '@'.repeat(long),
    `${' '.repeat(long)}x`,
    `${'1'.repeat(long)}m`,
    '\u0000'.repeat(long / 10),
  ];

  it('G-02: are refused by an email schema without delay', async () => {
    const workflow = defineWorkflow({
      name: 'mailing',
      version: 1,
      input: z.object({ to: z.email() }),
      steps: (w) => w.derive('to', w.input, ({ to }) => to),
    });
    const { engine } = await openBench({ workflows: [workflow] });

    for (const to of hostile)
      await expect(engine.start(workflow, { to })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('G-02: fail the run as duration of a sleep, by name', async () => {
    const workflow = defineWorkflow({
      name: 'sleeping',
      version: 1,
      input: z.object({ nap: z.string() }),
      steps(w) {
        const nap = w.derive('nap', w.input, (input) => input.nap);
        return w.sleep('rest', { for: nap });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });

    for (const nap of hostile) {
      const { runId } = await engine.start(workflow, { nap });
      const view = await engine.drive(runId, 'finished');
      expect(view).toMatchObject({ status: 'failed', outcome: { failure: { step: 'rest' } } });
      expect(view.outcome?.failure?.message.length).toBeLessThan(5_000);
    }
  });

  it('G-02: are refused where a workflow is defined, with a message of bounded length', () => {
    for (const text of hostile) {
      const define = () =>
        defineTask({
          name: 'slow',
          input: z.unknown(),
          compensate: 'none',
          timeout: text as '1s',
          run: async () => {},
        });

      expect(define).toThrow('must be a duration');
      expect(messageOf(define).length).toBeLessThan(1_000);
    }
  });

  it('G-02: are kept as labels, or refused for their length', async () => {
    const { workflow } = aWorkflow();
    const { engine } = await openBench({ workflows: [workflow] });

    for (const text of hostile) {
      const outcome = await engine
        .start(workflow, {}, { labels: { text } })
        .then(({ runId }) => engine.get(runId))
        .then(
          ({ labels }) => labels['text'] === text,
          (error: { code: string }) => error.code,
        );
      expect([true, 'INPUT_INVALID', 'PAYLOAD_TOO_LARGE']).toContain(outcome);
    }
  });

  it('G-02: are refused as step, event, actor and id of a request', async () => {
    const { workflow } = aWorkflow();
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {});
    const text = hostile[0] ?? '';

    const refused = [
      () => engine.signal(runId, text, {}),
      () => engine.signal(runId, posted, {}, { id: text }),
      () => engine.signal(runId, posted, {}, { actor: text }),
      () => engine.decide(runId, text, { outcome: 'approved', actor: 'ann' }),
      () => engine.cancel(runId, { reason: text }),
    ];

    for (const call of refused)
      await expect(call()).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});

function messageOf(call: () => unknown): string {
  try {
    call();
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}

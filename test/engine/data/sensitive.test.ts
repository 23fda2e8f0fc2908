/* oxlint-disable typescript/no-base-to-string -- whatever an error prints is searched */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineTask, defineWorkflow } from '../../../src/index.ts';
import { openBench, until } from '../../support/engine-bench.ts';

const secret = 'hunter2-7f3a9c51';
const Secret = z.object({
  open: z.string(),
  token: z.string().meta({ sensitive: true }),
});
const value = { open: 'for all', token: secret };
const arrived = defineEvent({ name: 'key.arrived', payload: Secret });
/** Carries no secret. */
const plain = defineEvent({ name: 'door.opened', payload: z.object({ open: z.string() }) });

function keyTask(name: string, run: (input: z.infer<typeof Secret>) => unknown = (input) => input) {
  return defineTask({
    name,
    input: Secret,
    output: Secret,
    compensate: async () => {},
    run: async ({ input }) => run(input) as z.infer<typeof Secret>,
  });
}

/** Everything people see of the run and of what was logged. */
async function seenOf(bench: Awaited<ReturnType<typeof openBench>>, runId: string) {
  const { engine, log } = bench;
  return JSON.stringify([
    await engine.get(runId),
    await engine.list(),
    await engine.explain(runId),
    await engine.history(runId),
    log.lines.map((line) => ({ ...line, err: String(line['err'] ?? '') })),
  ]);
}

describe('a value marked sensitive', () => {
  it('G-09: of input, output, form and final output is shown to nobody at any time', async () => {
    const workflow = defineWorkflow({
      name: 'keys',
      version: 1,
      input: Secret,
      steps(w) {
        const made = w.task('make', keyTask('make'), { input: w.input });
        const got = w.waitFor('got', plain, { after: [made] });
        const maybe = w.waitFor('maybe', plain, {
          within: '1h',
          onTimeout: 'continue',
          after: [got],
        });
        const review = w.review('approval', { form: Secret, show: { made, got }, after: [maybe] });
        const used = w.task('use', keyTask('use'), { input: made, after: [review] });
        const tolerant = w.task('tolerant', keyTask('tolerant'), {
          input: made,
          tolerate: 'any',
          after: [used],
        });
        return w.finish({ made, got, maybe, review, tolerant }, { approve: 'person' });
      },
    });
    const bench = await openBench({ workflows: [workflow] });
    const { engine } = bench;
    const seen: string[] = [];
    engine.subscribe((event) => void seen.push(JSON.stringify(event)));
    const approved = { outcome: 'approved', actor: 'ann' } as const;
    const look = async () => void seen.push(await seenOf(bench, runId));

    const { runId } = await engine.start(workflow, value);
    await engine.drive(runId);
    await look();
    await engine.signal(runId, plain, { open: 'yes' });
    await engine.drive(runId);
    await engine.publish(plain, { open: 'yes' });
    await until(async () => (await engine.get(runId)).waitingOn[0]?.kind === 'review');
    await look();
    await engine.decide(runId, 'approval', { ...approved, form: value });
    await engine.drive(runId);
    await look();
    await engine.decide(runId, 'completion', approved);
    await engine.drive(runId, 'finished');
    await look();

    expect(await engine.result(runId)).toMatchObject({ made: value, review: { form: value } });
    const text = seen.join('\n');
    expect(text).toContain('for all');
    expect(text).toContain('[redacted]');
    expect(text.split(secret).length - 1).toBe(0);
  });

  it('G-09: of a form is not shown where a rejection fails the run', async () => {
    const workflow = defineWorkflow({
      name: 'keys',
      version: 1,
      input: Secret,
      steps: (w) => w.review('approval', { form: Secret, onRejected: 'fail' }),
    });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, value);

    await bench.engine.decide(runId, 'approval', {
      outcome: 'rejected',
      actor: 'ann',
      form: value,
    });
    await bench.engine.drive(runId, 'finished');

    expect(await seenOf(bench, runId)).toContain('for all');
    expect(await seenOf(bench, runId)).not.toContain(secret);
  });

  it('G-09: of a signal is not shown, also where it came early, nor after a restart', async () => {
    const workflow = defineWorkflow({
      name: 'keys',
      version: 1,
      input: Secret,
      steps(w) {
        const gate = w.review('gate');
        return w.waitFor('got', arrived, { after: [gate] });
      },
    });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, value);
    await bench.engine.drive(runId);

    await bench.engine.signal(runId, arrived, value);
    await bench.crash();
    expect(await seenOf(bench, runId)).not.toContain(secret);
    await bench.engine.decide(runId, 'gate', { outcome: 'approved', actor: 'ann' });
    await bench.engine.drive(runId, 'finished');

    expect(await seenOf(bench, runId)).not.toContain(secret);
  });

  it('G-09: of a child, and of the detail of a failure that is tolerated, is not shown', async () => {
    const lend = defineTask({
      name: 'lend',
      input: Secret,
      output: Secret,
      failures: { refused: Secret },
      compensate: 'none',
      run: async ({ input, fail }) => fail('refused', input),
    });
    const child = defineWorkflow({
      name: 'inner',
      version: 1,
      input: Secret,
      steps: (w) => w.task('same', keyTask('same'), { input: w.input }),
    });
    const workflow = defineWorkflow({
      name: 'outer',
      version: 1,
      input: Secret,
      steps(w) {
        const inner = w.child('inner', child, { input: w.input });
        return w.task('lend', lend, { input: inner, tolerate: ['refused'] });
      },
    });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, value);
    await bench.engine.drive(runId, 'finished');

    const seen = await seenOf(bench, runId);
    expect(await bench.engine.result(runId)).toEqual({ status: 'refused', detail: value });
    expect(seen).toContain('refused');
    expect(seen).not.toContain(secret);
  });

  it('G-09: is not in what is derived from it', async () => {
    const workflow = defineWorkflow({
      name: 'keys',
      version: 1,
      input: Secret,
      steps(w) {
        const header = w.derive('header', w.input, ({ token }) => ({ bearer: `Bearer ${token}` }));
        const made = w.task('make', keyTask('make'), { input: w.input });
        const again = w.derive('again', { made }, (each) => each.made.token);
        return w.derive('both', { header, again }, (both) => both);
      },
    });
    const bench = await openBench({ workflows: [workflow] });

    const { runId } = await bench.engine.start(workflow, value);
    await bench.engine.drive(runId, 'finished');

    expect(await seenOf(bench, runId)).not.toContain(secret);
  });

  it('G-09: is not in the run context', async () => {
    const workflow = defineWorkflow({
      name: 'keys',
      version: 1,
      input: Secret,
      context: { last: { schema: Secret.nullable(), initial: null, reduce: 'replace' } },
      steps(w) {
        w.update('last', w.input);
        return w.derive('fixed', w.input, () => 1);
      },
    });
    const bench = await openBench({ workflows: [workflow] });

    const { runId } = await bench.engine.start(workflow, value);
    await bench.engine.drive(runId, 'finished');

    expect(await seenOf(bench, runId)).not.toContain(secret);
  });

  it.each([
    ['as the wrong type', z.object({ token: z.number().meta({ sensitive: true }) })],
    ['too long', z.object({ token: z.string().max(3).meta({ sensitive: true }) })],
    ['of a wrong form', z.object({ token: z.email().meta({ sensitive: true }) })],
    ['not one of the allowed', z.object({ token: z.enum(['a', 'b']).meta({ sensitive: true }) })],
    ['not the literal', z.object({ token: z.literal('a').meta({ sensitive: true }) })],
    [
      'of no variant',
      z.object({ token: z.union([z.number(), z.boolean()]).meta({ sensitive: true }) }),
    ],
  ])('G-09: is in no message of a refusal (%s)', async (_kind, schema) => {
    const event = defineEvent({ name: 'wrong', payload: schema });
    const task = defineTask({
      name: 'make',
      input: z.unknown(),
      output: schema,
      compensate: 'none',
      run: async () => ({ token: secret }),
    });
    const workflow = defineWorkflow({
      name: 'wrong',
      version: 1,
      input: z.object({}),
      steps(w) {
        const got = w.waitFor('got', event);
        const review = w.review('approval', { form: schema });
        return w.task('make', task, { input: w.input, after: [got, review] });
      },
    });
    const strict = defineWorkflow({
      name: 'strict',
      version: 1,
      input: schema,
      steps: (w) => w.task('make', task, { input: {} }),
    });
    const bench = await openBench({ workflows: [workflow, strict] });
    const { engine } = bench;
    const { runId } = await engine.start('wrong', {});
    await engine.drive(runId);
    const wrong = { token: secret } as never;
    const errors: unknown[] = [];
    const refused = (call: Promise<unknown>) =>
      call.then(
        () => errors.push('accepted'),
        (error: { message: string; details: unknown; hint?: string }) =>
          errors.push([error.message, error.details, error.hint, String(error)]),
      );

    await refused(engine.start('strict', wrong));
    await refused(engine.signal(runId, event, wrong));
    await refused(
      engine.decide(runId, 'approval', { outcome: 'approved', actor: 'ann', form: wrong }),
    );

    expect(errors).toHaveLength(3);
    expect(JSON.stringify(errors)).not.toContain('accepted');
    expect(JSON.stringify(errors)).not.toContain(secret);
    expect(await seenOf(bench, runId)).not.toContain(secret);
  });

  it('G-09: is not in the failure of a task whose output breaks its schema', async () => {
    const schema = z.object({ token: z.string().max(3).meta({ sensitive: true }) });
    const task = defineTask({
      name: 'make',
      input: z.unknown(),
      output: schema,
      compensate: 'none',
      run: async () => ({ token: secret }),
    });
    const workflow = defineWorkflow({
      name: 'wrong',
      version: 1,
      input: z.object({}),
      steps: (w) => w.task('make', task, { input: w.input }),
    });
    const bench = await openBench({ workflows: [workflow] });

    const run = await bench.engine.start(workflow, {});

    await expect(run.result()).rejects.toThrow('token: ');
    expect(await seenOf(bench, run.runId)).not.toContain(secret);
  });
});

import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow, TransientError } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { minute, openBench, second, until } from '../../support/engine-bench.ts';

/** A map whose items, one at a time, call a service that is down until it is mended. */
async function aMap(whenOpen: 'wait' | 'fail') {
  const deeds = createDeeds();
  const service = { isUp: false };
  const call = deeds.task('call', {
    breaker: { name: 'bank', failureThreshold: 3, resetAfter: '60s', whenOpen },
    compensate: 'none',
    retry: { maxAttempts: 5, backoff: { kind: 'fixed', initial: '1s' } },
    run: () => {
      if (!service.isUp) throw new TransientError('503');
      return 'answer';
    },
  });
  const workflow = defineWorkflow({
    name: 'callers',
    version: 1,
    input: z.array(z.number()),
    steps: (w) =>
      w.map('calls', w.input, { concurrency: 1 }, (item) => w.task('call', call, { input: item })),
  });
  const bench = await openBench({ workflows: [workflow] });
  const run = await bench.engine.start(workflow, [1, 2]);
  await until(() => deeds.names.length === 1);
  await bench.clock.advance(2 * second);
  return { bench, deeds, service, run };
}

it('an open breaker holds items back without a request, and without counting an attempt', async () => {
  const { bench, deeds, service, run } = await aMap('wait');
  expect(await bench.engine.breakers()).toMatchObject([{ name: 'bank', state: 'open' }]);

  await bench.clock.advance(minute - 1);
  expect(deeds.names).toHaveLength(3);
  service.isUp = true;
  await bench.clock.advance(second);

  expect(await run.result()).toEqual(['answer', 'answer']);
  expect(deeds.all.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 1]);
  expect(await bench.engine.breakers()).toMatchObject([{ state: 'closed' }]);
});

it('waits as long after a crash', async () => {
  const { bench, deeds, service, run } = await aMap('wait');
  await bench.clock.advance(second);

  const engine = await bench.crash();
  service.isUp = true;
  await bench.clock.advance(58 * second);
  expect(deeds.names).toHaveLength(3);
  await bench.clock.advance(second);

  expect(await engine.result(run.runId)).toEqual(['answer', 'answer']);
});

it('an open breaker that is not to be waited for fails the item', async () => {
  const { bench, deeds, run } = await aMap('fail');

  await bench.clock.advance(second);

  await expect(run.result()).rejects.toMatchObject({
    message: expect.stringContaining('Circuit is open'),
  });
  expect(deeds.names).toHaveLength(3);
});

import { expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { createOrchestrator, defineEvent, defineWorkflow } from '../../src/index.ts';
import type { Store } from '../../src/ports/store.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { silence } from './support/session.ts';

const Ordered = defineEvent({ name: 'ordered', payload: z.object({ n: z.number() }) });
const waiter = defineWorkflow({
  name: 'waiter',
  version: 1,
  input: z.string(),
  steps(w) {
    const first = w.waitFor('first', Ordered);
    const second = w.waitFor('second', Ordered, { after: [first] });
    return w.derive('both', [first, second], ([a, b]) => `${a.n}, ${b.n}`);
  },
});

it('an event that two processes deliver at the same time has one effect', async () => {
  const clock = new ManualClock();
  const shared: Store = { ...createMemoryStore(), shared: true };
  const gate = { isUsed: false, release: () => {} };
  const slow: Store = {
    ...shared,
    async commit(batch) {
      if (!gate.isUsed && batch.some(({ answers }) => answers.length > 0)) {
        gate.isUsed = true;
        await new Promise<void>((resolve) => {
          gate.release = resolve;
        });
      }
      return shared.commit(batch);
    },
  };
  const open = (store: Store) =>
    createOrchestrator({
      workflows: [waiter],
      store,
      clock,
      logger: silence,
      settings: { leaseMs: 3_000, pollMs: 500 },
    });
  const one = await open(slow);
  const { runId } = await one.start(waiter, 'x');
  const sent = one.publish(Ordered, { n: 1 }, { id: 'order-1' });
  await clock.advance(100);
  const other = await open(shared);
  await clock.advance(1_000);
  gate.release();
  await clock.advance(1_000);
  await sent;

  expect(await other.get(runId)).toMatchObject({ waitingOn: [{ kind: 'event', step: 'second' }] });
  const published = other.publish(Ordered, { n: 2 }, { id: 'order-2' });
  await clock.advance(2_000);
  await published;
  expect(await other.result(runId)).toBe('1, 2');
});

import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { createOrchestrator, type Store } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { openBench, until } from '../../support/engine-bench.ts';
import { anOrder } from '../../support/versions.ts';

const writes: ReadonlySet<string> = new Set(['commit', 'savePlan', 'send', 'settleMessage']);

/** The process dies at the write with this number, counted from 1, which takes effect or does not; from then on nothing returns. */
function dyingAt(inner: Store, at: number, takesEffect: boolean) {
  let count = 0;
  const store = new Proxy(inner, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if (count >= at) return new Promise(() => {});
        if (writes.has(String(name))) count += 1;
        const isLast = count === at;
        const result: unknown = isLast && !takesEffect ? null : Reflect.apply(value, target, args);
        return isLast ? new Promise(() => {}) : result;
      };
    },
  });
  return { store, isDead: () => count >= at };
}

const approval = { outcome: 'approved', actor: 'ann' } as const;
const mapping = { steps: { approval: 'consent' }, perform: ['check'] };
const asked = { workflow: 'order', to: 2, actor: 'olga', reason: 'new process', mapping } as const;

describe('I-06: the process dies in the middle of a migration', () => {
  it.each([
    ['before', false],
    ['after', true],
  ] as const)(
    '%s each of its writes: every run is old or new, and ends as if nothing had happened',
    async (_when, takesEffect) => {
      let reached = 0;
      for (let at = 1; at <= 6; at += 1) {
        const deeds = createDeeds();
        const before = anOrder(deeds);
        const after = anOrder(deeds, { version: 2, check: true, approval: 'consent' });
        const inner = createMemoryStore();
        const bench = await openBench({ workflows: [before], store: inner });
        const ids: string[] = [];
        for (const amount of [1, 2, 3]) {
          const { runId } = await bench.engine.start(before, { amount });
          await bench.engine.drive(runId);
          ids.push(runId);
        }
        const dying = dyingAt(inner, at, takesEffect);
        bench.kill();
        const { clock, log } = bench;
        const doomed = await createOrchestrator({
          workflows: [after],
          store: dying.store,
          clock,
          logger: log.logger,
        });
        await Promise.race([doomed.migrate(asked), until(dying.isDead)]);
        await clock.advance(0);
        if (dying.isDead()) reached += 1;

        const versions = await Promise.all(ids.map(async (id) => (await inner.load(id))?.header));
        for (const header of versions) {
          expect([before.plan.hash, after.plan.hash]).toContain(header?.planHash);
          expect(header?.version).toBe(header?.planHash === after.plan.hash ? 2 : 1);
        }
        const engine = await bench.crash({ workflows: [after] });
        await engine.migrate(asked);
        for (const id of ids) {
          await engine.drive(id);
          await engine.decide(id, 'consent', approval);
          expect(await engine.result(id)).toBe('ship done');
          expect(await engine.verify(id)).toMatchObject({ fault: null });
          const moves = (await engine.history(id)).filter(({ event }) => event === 'run.migrated');
          expect(moves).toHaveLength(1);
        }
        expect(deeds.of('ship')).toHaveLength(3);
        bench.kill();
      }
      // The plan, and the commit of each run.
      expect(reached).toBeGreaterThanOrEqual(4);
    },
  );
});

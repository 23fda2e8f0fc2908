import { describe, expect, it } from 'vitest';
import { createBacklog } from '../../../src/service/webhooks/backlog.ts';

/** A backlog over keys that stand in a store. */
function backlogOver(stored: Set<string>) {
  const fault = { isSet: false, count: 0 };
  const backlog = createBacklog({
    async *storedKeys() {
      if (fault.isSet) throw new Error('the disk is gone');
      yield* stored;
    },
    maxInMemory: 3,
    onFilled() {},
    onFailed: () => {
      fault.count += 1;
    },
  });
  return {
    backlog,
    fault,
    add(...keys: readonly string[]) {
      for (const key of keys) {
        stored.add(key);
        backlog.add(key);
      }
    },
    done(key: string) {
      stored.delete(key);
      backlog.done(key);
    },
    /** The next one, read from the store if need be. */
    async next(): Promise<string | undefined> {
      const here = backlog.next();
      if (here !== undefined) return here;
      await backlog.settled();
      return backlog.next();
    },
  };
}

describe('the backlog of webhooks', () => {
  it('gives out all of them once, in order, whatever part of them it holds', async () => {
    const { backlog, add, next, done } = backlogOver(new Set());
    add('1', '2', '3', '4', '5');
    expect(backlog.count()).toBe(5);

    const given = [await next(), await next()];
    add('6', '7', '8');
    for (let key = await next(); key !== undefined; key = await next()) {
      given.push(key);
      done(key);
    }

    expect(given).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
    // the first two are being worked on
    expect(backlog.count()).toBe(2);
  });

  it('gives out one again that is to be repeated, and none twice that is being worked on', async () => {
    const { backlog, add, next, done } = backlogOver(new Set());
    add('1', '2', '3', '4');
    expect([await next(), await next(), await next()]).toEqual(['1', '2', '3']);
    backlog.repeat('2');

    expect([await next(), await next(), await next()]).toEqual(['2', '4', undefined]);
    for (const key of ['1', '2', '3', '4']) done(key);
    expect(backlog.count()).toBe(0);
  });

  it('reads again when the store could not be read', async () => {
    const { add, next, fault } = backlogOver(new Set());
    add('1', '2', '3', '4');
    expect([await next(), await next(), await next()]).toEqual(['1', '2', '3']);

    fault.isSet = true;
    expect(await next()).toBeUndefined();
    expect(fault.count).toBeGreaterThan(0);
    fault.isSet = false;
    expect(await next()).toBe('4');
  });

  it('does not count what another process has done', async () => {
    const stored = new Set<string>();
    const { backlog, add, next, done } = backlogOver(stored);
    add('1', '2', '3', '4', '5');
    stored.delete('4');
    for (let key = await next(); key !== undefined; key = await next()) done(key);

    expect(backlog.count()).toBe(0);
  });
});

import { expect } from '../vitest.ts';
import { aMessage, commitAll, creation, finished, next } from './builders.ts';
import { storeCase } from './case.ts';

export const messageCases = [
  storeCase('D-03: stores a message once however often it is sent', async ({ store }) => {
    await commitAll(store, creation('run-1'));

    expect(await store.send([aMessage({ id: 'm-1' })])).toEqual([]);
    expect(
      await store.send([aMessage({ id: 'm-1', body: { text: 'again' } }), aMessage({ id: 'm-2' })]),
    ).toEqual(['m-1']);
    expect(await store.send([aMessage({ id: 'm-3' }), aMessage({ id: 'm-3' })])).toEqual(['m-3']);

    expect(await store.inbox('run-1')).toEqual([
      aMessage({ id: 'm-1' }),
      aMessage({ id: 'm-2' }),
      aMessage({ id: 'm-3' }),
    ]);
  }),

  storeCase('D-03: stores a message once when it is sent many times at once', async ({ store }) => {
    const known = await Promise.all(
      Array.from({ length: 10 }, () => store.send([aMessage({ id: 'm-1' })])),
    );

    expect(known.flat()).toHaveLength(9);
    expect(await store.inbox('run-1')).toHaveLength(1);
  }),

  storeCase('D-03: knows a message after it was answered', async ({ store }) => {
    await commitAll(store, creation('run-1'));
    await store.send([aMessage({ id: 'm-1' })]);
    await store.settleMessage({ id: 'm-1', answer: { ok: true } });

    expect(await store.send([aMessage({ id: 'm-1' })])).toEqual(['m-1']);

    expect(await store.inbox('run-1')).toEqual([]);
    expect(await store.answer('m-1')).toEqual({ answer: { ok: true } });
  }),

  storeCase(
    'keeps the order of arrival, over several calls and whatever the time says',
    async ({ store }) => {
      await store.send([aMessage({ id: 'z', atMs: 30 }), aMessage({ id: 'a', atMs: 20 })]);
      await store.send([aMessage({ id: 'm', atMs: 10 })]);

      expect((await store.inbox('run-1')).map(({ id }) => id)).toEqual(['z', 'a', 'm']);
    },
  ),

  storeCase('keeps the inboxes of runs and of nobody in particular apart', async ({ store }) => {
    await store.send([
      aMessage({ id: 'm-1' }),
      aMessage({ id: 'm-2', runId: 'run-2' }),
      aMessage({ id: 'm-3', runId: null }),
    ]);

    expect((await store.inbox('run-1')).map(({ id }) => id)).toEqual(['m-1']);
    expect((await store.inbox('run-2')).map(({ id }) => id)).toEqual(['m-2']);
    expect(await store.inbox(null)).toEqual([aMessage({ id: 'm-3', runId: null })]);
  }),

  storeCase(
    'sends messages with the commit that asks for them, each id once',
    async ({ store }) => {
      const first = creation('run-1', {
        messages: [aMessage({ id: 'm-1', runId: 'run-2' }), aMessage({ id: 'm-2', runId: null })],
      });
      await commitAll(
        store,
        first,
        next(first, {
          messages: [aMessage({ id: 'm-1', runId: 'run-2', body: { text: 'again' } })],
        }),
      );

      expect(await store.inbox('run-2')).toEqual([aMessage({ id: 'm-1', runId: 'run-2' })]);
      expect(await store.inbox(null)).toHaveLength(1);
    },
  ),

  storeCase('answers a message with the commit that applies it', async ({ store }) => {
    const first = await commitAll(store, creation('run-1'));
    await store.send([aMessage({ id: 'm-1' }), aMessage({ id: 'm-2' })]);

    await commitAll(store, next(first, { answers: [{ id: 'm-1', answer: { accepted: 1 } }] }));

    expect((await store.inbox('run-1')).map(({ id }) => id)).toEqual(['m-2']);
    expect(await store.answer('m-1')).toEqual({ answer: { accepted: 1 } });
    expect(await store.answer('m-2')).toEqual({ answer: null });
    expect(await store.answer('m-3')).toBeNull();
  }),

  storeCase('answers a message that the same commit sends', async ({ store }) => {
    await commitAll(
      store,
      creation('run-1', {
        messages: [aMessage({ id: 'm-1' })],
        answers: [{ id: 'm-1', answer: { ok: true } }],
      }),
    );

    expect(await store.inbox('run-1')).toEqual([]);
    expect(await store.answer('m-1')).toEqual({ answer: { ok: true } });
  }),

  storeCase('keeps the first answer', async ({ store }) => {
    await store.send([aMessage({ id: 'm-1', runId: null })]);
    await store.settleMessage({ id: 'm-1', answer: { first: true } });
    await store.settleMessage({ id: 'm-1', answer: { first: false } });
    await store.settleMessage({ id: 'unknown', answer: {} });

    expect(await store.answer('m-1')).toEqual({ answer: { first: true } });
    expect(await store.answer('unknown')).toBeNull();
  }),

  storeCase('keeps a message to a run that does not exist yet', async ({ store }) => {
    await store.send([aMessage({ id: 'm-1' })]);
    await commitAll(store, creation('run-1'));

    expect(await store.inbox('run-1')).toHaveLength(1);
  }),

  storeCase('takes messages to a run that has finished', async ({ store }) => {
    const last = await commitAll(store, creation('run-1', { state: finished }));
    await store.send([aMessage({ id: 'm-1' })]);

    expect(await store.inbox('run-1')).toHaveLength(1);
    await commitAll(store, next(last, { answers: [{ id: 'm-1', answer: { refused: true } }] }));

    expect(await store.inbox('run-1')).toEqual([]);
    expect(await store.answer('m-1')).toEqual({ answer: { refused: true } });
    expect((await store.load('run-1'))?.state.revision).toBe(2);
  }),
];

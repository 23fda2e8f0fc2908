import type { Json } from '../../plan/json.ts';
import type { RunCommit, Store } from '../../ports/store.ts';
import { expect } from '../vitest.ts';
import { aMessage, anEntry, anItem, commitAll, creation, finished, startMs } from './builders.ts';
import { storeCase } from './case.ts';

/** Changes every object and list inside the value, as careless code might. */
function scramble(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) scramble(inner);
  if (Array.isArray(value)) value.push('scrambled');
  else Object.assign(value, { scrambled: true });
}

const hostile: Json = JSON.parse(
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},"toString":3,"a":{"__proto__":null}}',
);
const texts = [
  '',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udc00\ud800y',
  '\u2028',
  '\u00e9',
  'e\u0301',
  '\ufeff',
  '😀',
  '"\\/\b\f\n\r\t',
  '<script>',
  "'; DROP TABLE runs; --",
  '\ufffd',
];
const numbers = [0, 1e21, 5e-324, 1.7976931348623157e308, 0.1, -1, Number.MAX_SAFE_INTEGER];

const everything = {
  texts,
  numbers,
  keys: Object.fromEntries(texts.map((text, index) => [text, index])),
  long: 'x'.repeat(300_000),
};

function everyText(): RunCommit {
  return creation('run-1', {
    header: { input: everything },
    state: { body: everything },
    history: [anEntry({ seq: 1, output: everything })],
    messages: [aMessage({ id: 'm-1', body: everything })],
  });
}

async function expectEveryText(store: Store): Promise<void> {
  expect((await store.load('run-1'))?.header.input).toEqual(everything);
  expect((await store.load('run-1'))?.state.body).toEqual(everything);
  expect((await store.history('run-1', { afterSeq: 0, limit: 10 }))[0]?.output).toEqual(everything);
  expect((await store.inbox('run-1'))[0]?.body).toEqual(everything);
}

export const valueCases = [
  storeCase(
    'G-07: keeps what it was given, whatever happens to the value afterwards',
    async ({ store }) => {
      const commit = creation('run-1', {
        history: [
          anEntry({
            seq: 1,
            output: { list: [1] },
            data: { deep: { er: [] } },
            settles: 'complete',
          }),
        ],
        messages: [aMessage({ id: 'm-1' })],
        state: { body: { deep: { er: [1] } }, awaits: ['paid'] },
      });
      const before = structuredClone(commit);
      const checkpoint = {
        runId: 'run-1',
        generation: 1,
        path: 'p',
        name: 'n',
        value: { deep: [] },
      };
      const item = anItem(0, { state: { deep: [] } });
      const message = aMessage({ id: 'm-2', body: { deep: [] } });

      const pending = store.commit([commit]);
      scramble(commit);
      await pending;
      for (const write of [
        store.saveCheckpoint(checkpoint, { runId: 'run-1', epoch: 1 }),
        store.saveItems([item], { runId: 'run-1', epoch: 1 }),
        store.send([message]),
      ]) {
        scramble([checkpoint, item, message]);
        await write;
      }

      expect(await store.load('run-1')).toEqual({ header: before.header, state: before.state });
      expect(await store.history('run-1', { afterSeq: 0, limit: 10 })).toEqual(before.history);
      expect((await store.inbox('run-1'))[0]).toEqual(before.messages[0]);
    },
  ),

  storeCase('G-07: gives out copies', async ({ store }) => {
    const commit = creation('run-1', {
      history: [anEntry({ seq: 1, output: { list: [1] }, settles: 'complete' })],
      state: { body: { deep: { er: [1] } }, awaits: ['paid'] },
    });
    await commitAll(store, commit);
    await store.send([aMessage({ id: 'm-1' }), aMessage({ id: 'm-2' })]);
    await store.settleMessage({ id: 'm-2', answer: { deep: [] } });
    await store.saveCheckpoint(
      { runId: 'run-1', generation: 1, path: 'p', name: 'n', value: { deep: [] } },
      { runId: 'run-1', epoch: 1 },
    );
    await store.saveItems([anItem(0)], { runId: 'run-1', epoch: 1 });
    await store.claimResult(
      { key: 'r', output: { deep: [] }, claimant: 'x', expiresAtMs: startMs + 1 },
      startMs,
    );

    const reads = [
      () => store.load('run-1'),
      () => store.history('run-1', { afterSeq: 0, limit: 10 }),
      () => store.settled('run-1', 1),
      () => store.list({ limit: 10 }),
      () => store.inbox('run-1'),
      () => store.answer('m-2'),
      () => store.checkpoints('run-1', 1, 'p'),
      () => store.items('run-1', 1, 'each', { afterIndex: -1, limit: 10 }),
      () => store.awaiting('paid'),
      () => store.claimResult({ key: 'r', claimant: 'y', expiresAtMs: startMs + 1 }, startMs),
    ];
    for (const read of reads) {
      const first = await read();
      const kept = structuredClone(first);
      scramble(first);
      expect(await read()).toEqual(kept);
    }
  }),

  storeCase('G-01: keeps hostile keys as data', async ({ store }) => {
    const name = JSON.parse('{"__proto__":"x"}');
    await commitAll(
      store,
      creation('run-1', {
        header: { input: hostile, labels: name },
        history: [anEntry({ seq: 1, output: hostile })],
        state: { body: { hostile } },
      }),
    );
    await commitAll(store, creation('__proto__', { state: finished }), creation('constructor'));
    await store.saveCheckpoint(
      { runId: 'run-1', generation: 1, path: '__proto__', name: 'constructor', value: hostile },
      { runId: 'run-1', epoch: 1 },
    );

    const run = await store.load('run-1');

    const before = JSON.stringify(hostile);
    expect(JSON.stringify(run?.header.input)).toBe(before);
    expect(JSON.stringify(run?.header.labels)).toBe('{"__proto__":"x"}');
    expect(JSON.stringify(run?.state.body)).toBe(`{"hostile":${before}}`);
    expect(
      JSON.stringify((await store.history('run-1', { afterSeq: 0, limit: 10 }))[0]?.output),
    ).toBe(before);
    expect(JSON.stringify((await store.checkpoints('run-1', 1, '__proto__'))[0]?.value)).toBe(
      before,
    );
    expect((await store.load('__proto__'))?.header.id).toBe('__proto__');
    expect((await store.list({ labels: name, limit: 10 })).runs).toHaveLength(1);
    expect(await store.load('toString')).toBeNull();
    expect(await store.answer('toString')).toBeNull();
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  }),

  storeCase('G-08: keeps every text and number that JSON can carry', async ({ store }) => {
    await commitAll(store, everyText());

    await expectEveryText(store);
  }),

  storeCase(
    'G-08: keeps every text and number over a restart',
    async ({ store, reopen }) => {
      await commitAll(store, everyText());

      await expectEveryText(await reopen());
    },
    'persistent',
  ),

  storeCase(
    'F-10: keeps runs apart whose ids are unusual, and refuses ids that are no text',
    async ({ store }) => {
      const ids = [
        '../../x',
        'a/b',
        '..\\x',
        'CON',
        'con',
        'nul.json',
        '%2e%2e',
        '.',
        '..',
        '.hidden',
        'A',
        'a',
        '\u00e9',
        'e\u0301',
        'a ',
        'a.',
        '\ufffd',
        'x'.repeat(300),
        `${'x'.repeat(300)}y`,
        'ｃ',
        '-',
        '_',
        "';--",
      ];
      const commits = ids.map((id) => creation(id, { state: { body: { id } } }));

      expect((await store.commit(commits)).map(({ outcome }) => outcome)).toEqual(
        ids.map(() => 'committed'),
      );

      for (const id of ids) {
        const run = await store.load(id);
        expect(run?.header.id).toBe(id);
        expect(run?.state.body).toEqual({ id });
      }
      expect(await store.load('\ud800')).toBeNull();
      for (const id of ['', 'a\u0000b', '\ud800', 'a\udc00'])
        await expect(store.commit([creation(id)])).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      expect((await store.list({ limit: 100 })).runs).toHaveLength(ids.length);
    },
  ),
];

/** The suite for stores has teeth: a store that breaks any one guarantee fails it. */
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { openSqliteStore } from '../../src/adapters/sqlite/index.ts';
import type {
  CommitOutcome,
  Message,
  RecordChange,
  RunCommit,
  Store,
} from '../../src/ports/store.ts';
import {
  runStoreCase,
  type StoreContractOptions,
  storeContract,
} from '../../src/testing/store-contract.ts';

type Breakage = (store: Store) => Partial<Store>;

/** Names of the first cases that fail, at most `limit`. */
async function failures(options: StoreContractOptions, limit: number): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const one of storeContract) {
    if (failed.length === limit) break;
    if (one.needs !== null && !options.supports[one.needs]) continue;
    await runStoreCase(one, options).catch(() => failed.push(one.name));
  }
  return failed;
}

function brokenBy(breakage: Breakage): StoreContractOptions {
  const open = async () => {
    const store = createMemoryStore();
    return { ...store, ...breakage(store) };
  };
  return { open, supports: { persistent: false, concurrent: false } };
}

async function rebased(
  store: Store,
  commit: RunCommit,
  chosen: 'revision' | 'epoch',
): Promise<RunCommit> {
  const state = commit.header === null ? (await store.load(commit.runId))?.state : undefined;
  if (state === undefined) return commit;
  if (chosen === 'epoch') return { ...commit, expectedEpoch: state.epoch };
  const history = commit.history.map((entry, index) => ({ ...entry, seq: state.seq + 1 + index }));
  const next = { ...commit.state, revision: state.revision + 1, seq: state.seq + history.length };
  return { ...commit, expectedRevision: state.revision, state: next, history };
}

function committing(
  change: (commit: RunCommit, store: Store) => RunCommit | Promise<RunCommit>,
): Breakage {
  return (store) => ({
    commit: async (batch) =>
      store.commit(await Promise.all(batch.map(async (commit) => change(commit, store)))),
  });
}

/** Answers with the very object it gave out before, as long as nothing was written. */
function sharing(
  method: 'load' | 'list' | 'history' | 'inbox' | 'items' | 'checkpoints',
): Breakage {
  return (store) => {
    const answers = new Map<string, unknown>();
    const shared = async (...args: readonly unknown[]): Promise<unknown> => {
      const answer = await Reflect.apply(store[method], store, args);
      const key = JSON.stringify([args, answer]);
      if (!answers.has(key)) answers.set(key, answer);
      return answers.get(key);
    };
    return { [method]: shared };
  };
}

const breakages: { readonly [what: string]: Breakage } = {
  'ignores the expected revision': committing((commit, store) =>
    rebased(store, commit, 'revision'),
  ),
  'ignores the expected epoch': committing((commit, store) => rebased(store, commit, 'epoch')),
  'forgets the history': committing((commit) => ({
    ...commit,
    history: [],
    state: { ...commit.state },
  })),
  'forgets the messages of a commit': committing((commit) => ({ ...commit, messages: [] })),
  'forgets the answers of a commit': committing((commit) => ({ ...commit, answers: [] })),
  'forgets the results of a commit': committing((commit) => ({ ...commit, remember: [] })),
  'forgets the claims of keys': committing((commit) => ({ ...commit, claim: null })),
  'keeps expired claims of keys': committing((commit) =>
    commit.claim === null
      ? commit
      : { ...commit, claim: { ...commit.claim, expiresAtMs: Number.MAX_SAFE_INTEGER } },
  ),
  'frees a key a moment too early': committing((commit) =>
    commit.claim === null
      ? commit
      : { ...commit, claim: { ...commit.claim, expiresAtMs: commit.claim.expiresAtMs - 1 } },
  ),
  'loses labels': committing((commit) =>
    commit.header === null ? commit : { ...commit, header: { ...commit.header, labels: {} } },
  ),
  'keeps the header of a run that moves to another version': committing((commit) =>
    commit.expectedRevision === 0 ? commit : { ...commit, header: null },
  ),
  'stops a batch at the first conflict': (store) => ({
    async commit(batch) {
      const outcomes: CommitOutcome[] = [];
      for (const commit of batch) {
        const isStopped = outcomes.some(({ outcome }) => outcome === 'conflict');
        outcomes.push(
          ...(isStopped ? [{ outcome: 'conflict' } as const] : await store.commit([commit])),
        );
      }
      return outcomes;
    },
  }),
  'writes the commits of a batch before a broken one': (store) => ({
    async commit(batch) {
      const outcomes: CommitOutcome[] = [];
      for (const commit of batch) outcomes.push(...(await store.commit([commit])));
      return outcomes;
    },
  }),
  'refuses a second commit of a run in a batch': (store) => ({
    async commit(batch) {
      const outcomes = await store.commit(
        batch.filter(
          ({ runId }, index) => batch.findIndex((other) => other.runId === runId) === index,
        ),
      );
      return batch.map((_, index) => outcomes[index] ?? { outcome: 'conflict' });
    },
  }),
  'keeps the caller’s objects': (store) => {
    const given = new Map<string, RunCommit>();
    return {
      async commit(batch) {
        const outcomes = await store.commit(batch);
        for (const [index, commit] of batch.entries())
          if (outcomes[index]?.outcome === 'committed') given.set(commit.runId, commit);
        return outcomes;
      },
      async load(runId) {
        const run = await store.load(runId);
        return run === null ? null : { ...run, state: given.get(runId)?.state ?? run.state };
      },
    };
  },
  'gives out its own runs': sharing('load'),
  'gives out its own lists': sharing('list'),
  'gives out its own history': sharing('history'),
  'gives out its own messages': sharing('inbox'),
  'gives out its own items': sharing('items'),
  'gives out its own checkpoints': sharing('checkpoints'),
  'reads __proto__ as a prototype': (store) => ({
    async load(runId) {
      const run = await store.load(runId);
      if (run === null) return null;
      const body = {};
      for (const [key, value] of Object.entries(run.state.body))
        Reflect.set(body, key, Object.assign({}, value));
      return { ...run, state: { ...run.state, body } };
    },
  }),
  'replaces what is no well-formed text': (store) => ({
    load: async (runId) =>
      JSON.parse(
        Buffer.from(
          JSON.stringify(await store.load(runId)).replaceAll(/\\ud[89a-f]../g, '?'),
        ).toString(),
      ),
  }),
  'cuts texts at NUL': (store) => ({
    load: async (runId) =>
      JSON.parse(JSON.stringify(await store.load(runId)).replaceAll('\\u0000', '')),
  }),
  'ignores case in ids': (store) => ({
    ...committing((commit) => ({
      ...commit,
      runId: commit.runId.toLowerCase(),
      header: commit.header === null ? null : { ...commit.header, id: commit.runId.toLowerCase() },
    }))(store),
    load: (runId) => store.load(runId.toLowerCase()),
  }),
  'returns history in no order': (store) => ({
    history: async (...args) => [...(await store.history(...args))].reverse(),
  }),
  'ignores the page of a history': (store) => ({
    history: (runId) => store.history(runId, { afterSeq: 0, limit: 10_000 }),
  }),
  'settles over all generations': (store) => ({
    settled: async (runId, _, steps) =>
      (
        await Promise.all([1, 2].map((generation) => store.settled(runId, generation, steps)))
      ).flat(),
  }),
  'ignores the steps asked for': (store) => ({
    settled: (runId, generation) => store.settled(runId, generation),
  }),
  'stores repeated messages again': (store) => {
    const again: Message[] = [];
    return {
      async send(messages) {
        const known = await store.send(messages);
        again.push(...messages.filter(({ id }) => known.includes(id)));
        return known;
      },
      inbox: async (runId) => [
        ...(await store.inbox(runId)),
        ...again.filter((message) => message.runId === runId),
      ],
    };
  },
  'forgets the ids of answered messages': (store) => ({
    send: async (messages) => (await store.send(messages)).filter(() => false),
  }),
  'sorts messages by time': (store) => ({
    inbox: async (runId) => [...(await store.inbox(runId))].sort((a, b) => a.atMs - b.atMs),
  }),
  'mixes inboxes': (store) => ({
    inbox: async (runId) => [
      ...(await store.inbox(runId)),
      ...(runId === null ? [] : await store.inbox(null)),
    ],
  }),
  'takes the last answer': (store) => {
    const answers = new Map<string, object>();
    return {
      async settleMessage(answer) {
        answers.set(answer.id, answer.answer);
        await store.settleMessage(answer);
      },
      async answer(id) {
        const known = await store.answer(id);
        return known === null
          ? null
          : { answer: JSON.parse(JSON.stringify(answers.get(id) ?? known.answer)) };
      },
    };
  },
  'cannot tell an unknown message from an unanswered one': (store) => ({
    answer: async (id) => (await store.answer(id)) ?? { answer: null },
  }),
  'claims runs that others hold': (store) => ({
    claimable: (query) => store.claimable({ ...query, anyLease: true }),
  }),
  'never ignores leases': (store) => ({
    claimable: (query) => store.claimable({ ...query, anyLease: false }),
  }),
  'claims a moment late': (store) => ({
    claimable: (query) => store.claimable({ ...query, nowMs: query.nowMs - 1 }),
  }),
  'ignores the limit of claims': (store) => ({
    claimable: (query) => store.claimable({ ...query, limit: 1_000 }),
  }),
  'claims each run once for each reason': (store) => ({
    claimable: async (query) =>
      (await store.claimable(query)).flatMap((runId) =>
        runId === 'everything' ? [runId, runId] : [runId],
      ),
  }),
  'does not see messages when it claims': (store) => ({
    async claimable(query) {
      const ids = await store.claimable(query);
      const inboxes = await Promise.all(ids.map((id) => store.inbox(id)));
      return ids.filter((_, index) => inboxes[index]?.length === 0);
    },
  }),
  'counts paused runs as due': (store) => ({
    async nextDueAtMs() {
      const { runs } = await store.list({ limit: 1_000 });
      return runs.reduce<number | null>(
        (least, { state: { dueAtMs } }) =>
          dueAtMs === null ? least : Math.min(dueAtMs, least ?? dueAtMs),
        null,
      );
    },
  }),
  'renews leases of others': (store) => ({
    renew: async (owner, runIds, expiresAtMs) =>
      (await store.renew('other', runIds, expiresAtMs)) &&
      (await store.renew(owner, runIds, expiresAtMs)),
  }),
  'does not renew': () => ({ renew: async () => [] }),
  'remembers old waits': (store) => {
    const ever = new Map<string, Set<string>>();
    return {
      async commit(batch) {
        const outcomes = await store.commit(batch);
        for (const { runId, state } of batch)
          for (const event of state.awaits)
            ever.set(event, (ever.get(event) ?? new Set()).add(runId));
        return outcomes;
      },
      awaiting: async (event) => [...(ever.get(event) ?? [])],
    };
  },
  'lists oldest first': (store) => ({
    list: async (query) => ({
      ...(await store.list(query)),
      runs: [...(await store.list(query)).runs].reverse(),
    }),
  }),
  'skips a run between pages': (store) => ({
    async list(query) {
      const page = await store.list(query);
      return query.cursor === undefined ? page : { ...page, runs: page.runs.slice(1) };
    },
  }),
  'pages by offset': (store) => ({
    async list(query) {
      const offset = query.cursor === undefined ? 0 : Number(query.cursor);
      if (Number.isNaN(offset)) return store.list(query);
      const { cursor: _, ...rest } = query;
      const all = (await store.list({ ...rest, limit: 1_000 })).runs;
      if (query.limit < 1 || query.limit > 1_000) return store.list(query);
      const end = offset + query.limit;
      return { runs: all.slice(offset, end), cursor: end < all.length ? String(end) : null };
    },
  }),
  'ignores labels in a query': (store) => ({
    list: ({ labels: _, ...query }) => store.list(query),
  }),
  'ignores the parent in a query': (store) => ({
    list: ({ parent: _, ...query }) => store.list(query),
  }),
  'ignores reviews in a query': (store) => ({
    list: ({ hasReview: _, ...query }) => store.list(query),
  }),
  'ignores the time in a query': (store) => ({
    list: ({ createdAfterMs: _, ...query }) => store.list(query),
  }),
  'takes any cursor': (store) => ({
    list: (query) => store.list(query).catch(() => store.list({ limit: 10 })),
  }),
  'does not fence checkpoints': (store) => ({
    async saveCheckpoint(checkpoint, fence) {
      const epoch = (await store.load(fence.runId))?.state.epoch ?? fence.epoch;
      return store.saveCheckpoint(checkpoint, { ...fence, epoch });
    },
  }),
  'does not fence items': (store) => ({
    async saveItems(items, fence) {
      const epoch = (await store.load(fence.runId))?.state.epoch ?? fence.epoch;
      return store.saveItems(items, { ...fence, epoch });
    },
  }),
  'saves some of the items of a map that is too large': (store) => ({
    async saveItems(items, fence) {
      for (const item of items) if (!(await store.saveItems([item], fence))) return false;
      return true;
    },
  }),
  'ignores the page of items': (store) => ({
    items: (runId, generation, step) =>
      store.items(runId, generation, step, { afterIndex: -1, limit: 1_000 }),
  }),
  'mixes generations of checkpoints': (store) => ({
    checkpoints: async (runId, _, path) =>
      (
        await Promise.all([1, 2].map((generation) => store.checkpoints(runId, generation, path)))
      ).flat(),
  }),
  'gives a result to everybody': (store) => ({
    async claimResult(result, nowMs) {
      await store.claimResult(result, nowMs);
      return null;
    },
  }),
  'never frees the claim of a result': (store) => ({
    claimResult: (result, nowMs) =>
      store.claimResult({ ...result, expiresAtMs: Number.MAX_SAFE_INTEGER }, nowMs),
  }),
  'releases the claims of others': (store) => ({
    async releaseResult(key) {
      const held = await store.claimResult({ key, claimant: 'probe', expiresAtMs: 0 }, 0);
      await store.releaseResult(key, held?.claimant ?? 'probe');
    },
  }),
  'saves breakers without comparing': (store) => ({
    async saveBreaker(record) {
      const before = (await store.breakers()).find(({ name }) => name === record.name);
      return store.saveBreaker({ ...record, revision: (before?.revision ?? 0) + 1 });
    },
  }),
  'saves entities without comparing': (store) => ({
    async saveEntity(record, fence) {
      const before = await store.entity(record.name, record.key);
      return store.saveEntity({ ...record, revision: (before?.revision ?? 0) + 1 }, fence);
    },
  }),
  'saves entities of anybody': (store) => ({
    async saveEntity(record, fence) {
      const run = await store.load('run-1');
      const current = { runId: 'run-1', epoch: run?.state.epoch ?? fence.epoch };
      return store.saveEntity(record, current);
    },
  }),
  'lists no entities': () => ({ async *entities() {} }),
  'saves records without comparing': (store) => ({
    async saveRecords(changes) {
      const current = async (change: RecordChange) =>
        (await store.record(change.collection, change.key))?.revision ?? 0;
      const rebasedChanges = changes.map(async (change) => ({
        ...change,
        expectedRevision: await current(change),
      }));
      return store.saveRecords(await Promise.all(rebasedChanges));
    },
  }),
  'saves a group of records one by one': (store) => ({
    async saveRecords(changes) {
      const saved: boolean[] = [];
      for (const change of changes) saved.push(await store.saveRecords([change]));
      return saved.every(Boolean);
    },
  }),
  'lists records beyond a prefix': (store) => ({
    records: (collection, { prefix, ...page }) =>
      store.records(collection, prefix === undefined ? page : { ...page, after: prefix }),
  }),
  'lists records ascending only': (store) => ({
    records: (collection, page) => store.records(collection, { ...page, order: 'ascending' }),
  }),
  'keeps one plan a name': (store) => ({
    plans: async () =>
      (await store.plans()).filter(
        (plan, index, all) => all.findIndex(({ name }) => name === plan.name) === index,
      ),
  }),
  'finds plans by name and version': (store) => ({
    async plan(name, version, hash) {
      const known = (await store.plans()).find(
        (plan) => plan.name === name && plan.version === version,
      );
      return known === undefined
        ? store.plan(name, version, hash)
        : store.plan(name, version, known.hash);
    },
  }),
  'erases nothing': () => ({ erase: async () => {} }),
  'erases every entry': (store) => ({ erase: (runId) => store.erase(runId, [1, 2, 3]) }),
  'prunes on a dry run': (store) => ({
    prune: (query) => store.prune({ ...query, dryRun: false }),
  }),
  'prunes whatever the status': (store) => ({
    prune: ({ status: _, ...query }) => store.prune(query),
  }),
  'prunes at the date itself': (store) => ({
    prune: (query) => store.prune({ ...query, finishedBeforeMs: query.finishedBeforeMs + 1 }),
  }),
  'exports as it goes': (store) => ({
    async *export() {
      const ids = [];
      for await (const { header } of store.export()) ids.push(header.id);
      for (const id of ids)
        for await (const run of store.export()) if (run.header.id === id) yield run;
    },
  }),
  'exports without parts': (store) => ({
    async *export() {
      for await (const run of store.export()) yield { ...run, items: [] };
    },
  }),
  'works after it was closed': () => ({ close: async () => {} }),
};

describe('the contract of stores', () => {
  it('passes a good store', async () => {
    expect(
      await failures(
        brokenBy(() => ({})),
        10,
      ),
    ).toEqual([]);
  });

  it.each(Object.entries(breakages))('fails a store that %s', async (_, breakage) => {
    expect(await failures(brokenBy(breakage), 1)).toHaveLength(1);
  });

  it('fails a store that forgets everything when it is closed', async () => {
    const supports = { persistent: true, concurrent: false };

    expect(await failures({ open: async () => createMemoryStore(), supports }, 10)).toHaveLength(7);
  });

  it('fails a store whose second process has a view of its own', async () => {
    let opened = 0;
    const open = (file: string) => openSqliteStore(`${file}-${opened++}`);

    expect(await failures({ open, supports: { persistent: false, concurrent: true } }, 10)).toEqual(
      [
        'lets two stores on one place save a record, each revision once',
        'D-05: lets two stores on one place commit, each revision once',
      ],
    );
  });
});

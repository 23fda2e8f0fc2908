/** Stores with one protection removed. Every one of them has to be found out by the suite, else the suite proves nothing. */
import type { FileSystem } from '../../../src/adapters/lowdb/index.ts';
import type { RunBody } from '../../../src/engine/run-body.ts';
import type { JsonObject } from '../../../src/plan/json.ts';
import type { Message, RunCommit, Store } from '../../../src/ports/store.ts';
import type { Life } from '../../../src/testing/crash/life.ts';

/** What is handed out is not on record. */
export function withoutIntent(store: Store): Store {
  const forget = (commit: RunCommit): RunCommit => {
    const body = commit.state.body as unknown as RunBody;
    const open = body.open.filter(({ kind }) => kind !== 'attempt' && kind !== 'undo');
    const state = {
      ...commit.state,
      active: false,
      body: { ...body, open } as unknown as JsonObject,
    };
    return { ...commit, state };
  };
  return { ...store, commit: (batch) => store.commit(batch.map(forget)) };
}

/** Whoever writes last wins. */
export function withoutFence(store: Store): Store {
  return {
    ...store,
    async commit(batch) {
      const outcomes = [];
      for (const commit of batch) {
        const current = commit.header === null ? await store.load(commit.runId) : null;
        const { revision, epoch } = current?.state ?? {
          revision: commit.expectedRevision,
          epoch: commit.expectedEpoch,
        };
        const state = {
          ...commit.state,
          revision: revision + 1,
          epoch: Math.max(epoch, commit.state.epoch),
        };
        outcomes.push(
          ...(await store.commit([
            { ...commit, state, expectedRevision: revision, expectedEpoch: epoch },
          ])),
        );
      }
      return outcomes;
    },
  };
}

/** A message that is sent again is another message. */
export function withoutDeduplication(store: Store): Store {
  let copies = 0;
  return {
    ...store,
    async send(messages) {
      const sent: Message[] = [];
      for (const message of messages) {
        const isKnown = (await store.answer(message.id)) !== null;
        sent.push(isKnown ? { ...message, id: `${message.id} copy ${(copies += 1)}` } : message);
      }
      await store.send(sent);
      return [];
    },
  };
}

/** A commit is several writes, and the process may die between them. */
export function withTornCommits(store: Store, life: Life): Store {
  return {
    ...store,
    async commit(batch) {
      const outcomes = await store.commit(
        batch.map((commit) => ({ ...commit, messages: [], answers: [] })),
      );
      await life.pass('torn');
      await store.send(batch.flatMap(({ messages }) => messages));
      for (const answer of batch.flatMap(({ answers }) => answers))
        await store.settleMessage(answer);
      return outcomes;
    },
  };
}

/** Keys of starts are not remembered. */
export function withoutKeys(store: Store): Store {
  return {
    ...store,
    key: async () => null,
    commit: (batch) => store.commit(batch.map((commit) => ({ ...commit, claim: null }))),
  };
}

/** Parts of tasks are not remembered. */
export function withoutCheckpoints(store: Store): Store {
  return { ...store, saveCheckpoint: async () => true };
}

/** Nothing is made safe against a power loss. */
export function withoutSync(files: FileSystem): FileSystem {
  return {
    ...files,
    async create(path) {
      return { ...(await files.create(path)), sync: async () => {} };
    },
  };
}

/** Names are not made safe against a power loss. */
export function withoutDirectorySync(files: FileSystem): FileSystem {
  return { ...files, syncDirectory: async () => {} };
}

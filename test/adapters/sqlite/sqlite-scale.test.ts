import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openSqliteStore } from '../../../src/adapters/sqlite/index.ts';
import type { Store } from '../../../src/ports/store.ts';
import {
  aHeader,
  aState,
  commitAll,
  creation,
  finished,
  next,
  startMs,
} from '../../../src/testing/store-contract/builders.ts';

const runs = 10_000;

let folder: string;
let store: Store;
let opening: readonly string[];

/** Finished runs as the store writes them, but without its commits. */
function fill(file: string): void {
  const database = new DatabaseSync(file);
  const insertRun = database.prepare(
    'INSERT INTO runs (n, id, workflow, created_at, header, crc) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertState = database.prepare(
    `INSERT INTO states (run, revision, epoch, status, created_at, finished_at, active, has_review, awaits, state, crc) VALUES (?, 1, 1, ?, ?, ?, 0, 0, '[]', ?, ?)`,
  );
  const states = (['complete', 'failed'] as const).map((status) =>
    JSON.stringify(aState({ ...finished, status })),
  );
  database.exec('BEGIN');
  for (let n = 1; n <= runs; n++) {
    const id = `old-${String(n).padStart(6, '0')}`;
    const workflow = n % 100 === 0 ? 'rare' : 'order';
    const header = JSON.stringify(aHeader({ id, workflow, createdAtMs: startMs + n }));
    const isFailed = n % 100 === 1;
    const state = states[isFailed ? 1 : 0] ?? '';
    insertRun.run(n, id, workflow, startMs + n, header, crc32(header));
    insertState.run(
      n,
      isFailed ? 'failed' : 'complete',
      startMs + n,
      finished.finishedAtMs,
      state,
      crc32(state),
    );
  }
  database.exec('COMMIT');
  database.close();
}

/**
 * How SQLite finds what `work` asks for: the steps that read every run or sort what they found. How long these take grows with the store;
 * nothing else in a plan does, since rows are read one by one and no further than the page goes.
 */
async function growingSteps(work: () => Promise<unknown>): Promise<readonly string[]> {
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
  await work();
  const statements = prepare.mock.calls.map(([sql]) => sql);
  prepare.mockRestore();
  const database = new DatabaseSync(join(folder, 'store.db'), { readOnly: true });
  const steps = statements
    .filter((sql) => /^(SELECT|UPDATE|DELETE)/.test(sql))
    .flatMap((sql) => database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all())
    .map(({ detail }) => String(detail));
  database.close();
  return steps.filter((step) => /^SCAN (r|s|runs|states)$|TEMP B-TREE FOR ORDER BY/.test(step));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-sqlite-'));
  const file = join(folder, 'store.db');
  await (await openSqliteStore(file)).close();
  fill(file);
  opening = await growingSteps(async () => {
    store = await openSqliteStore(file);
  });
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

describe(`B-06: a sqlite store with ${runs} finished runs`, () => {
  it('opens without reading them', () => {
    expect(opening).toEqual([]);
  });

  it('starts, claims and advances a run without reading them', async () => {
    const first = creation('run-1', {
      header: { createdAtMs: startMs * 2 },
      state: { active: true, dueAtMs: startMs },
    });

    let claimed: readonly string[] = [];
    const growing = await growingSteps(async () => {
      await commitAll(store, first);
      await commitAll(store, next(first));
      expect(await store.nextDueAtMs()).toBe(startMs);
      claimed = await store.claimable({
        nowMs: startMs,
        owner: 'a',
        anyLease: false,
        limit: 10,
      });
    });

    expect(claimed).toEqual(['run-1']);
    expect(growing).toEqual([]);
  });

  it.each([
    ['everything', {}, 50],
    ['one status', { status: ['complete'] }, 50],
    ['a rare status', { status: ['failed'] }, 50],
    ['several statuses', { status: ['failed', 'cancelled', 'waiting_review'] }, 50],
    ['open reviews', { hasReview: true }, 0],
    ['a rare workflow', { workflow: 'rare' }, 50],
    ['no such workflow', { workflow: 'none' }, 0],
    ['the children of a run', { parent: 'none' }, 0],
    ['a time', { createdAfterMs: startMs + 500, createdBeforeMs: startMs + 600 }, 50],
    ['one status before a time', { status: ['complete'], createdBeforeMs: startMs + 600 }, 50],
  ] as const)(
    'lists %s page by page, reading no more than the page',
    async (_, query, expected) => {
      const growing = await growingSteps(async () => {
        const page = await store.list({ ...query, limit: 50 });
        expect(page.runs).toHaveLength(expected);
        if (page.cursor === null) return;
        const second = await store.list({ ...query, limit: 50, cursor: page.cursor });
        expect(second.runs.length).toBeGreaterThan(0);
      });
      expect(growing).toEqual([]);
    },
  );
});

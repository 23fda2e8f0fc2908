import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import created from '../../machines/document-index/created.json' with { type: 'json' };
import deleted from '../../machines/document-index/deleted.json' with { type: 'json' };
import search from '../../machines/document-index/search.json' with { type: 'json' };
import unknownAction from '../../machines/document-index/unknown-action.json' with { type: 'json' };
import {
  documentIndex,
  documentSearch,
  documentUpdated,
} from '../../machines/document-index/workflow.ts';
import { documentLibrary } from '../../machines/document-library/library.ts';
import { createLedger } from '../../machines/ledger.ts';
import type { StandIn } from '../../machines/platform.ts';
import { startStandIn } from '../../machines/stand-in.ts';
import type { Orchestrator } from '../../src/index.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { eventsOf, openBench, second, statusesOf } from '../support/engine-bench.ts';
import { eventually } from '../support/eventually.ts';

const deadLetters = createLedger('document-index', 'dead-letters');
const get = 'GET /documents/:name';
const pump = { doc_id: 'pump', action: 'updated', url: '/documents/pump-maintenance.md' };

const dataDirectory = useDataDirectory();
let library: StandIn;

beforeEach(async () => {
  library = await startStandIn(documentLibrary);
  vi.stubEnv('DOCUMENT_LIBRARY_URL', library.url);
  return library.close;
});

describe('a document that was changed', () => {
  it('M024, M026: is downloaded, chunked, embedded and indexed, and the result says just that', async () => {
    const { engine } = await aBench();

    const { runId } = await engine.start(documentIndex, created);

    expect(await engine.result(runId)).toEqual({
      doc_id: 'returns-policy',
      chunks_indexed: 4,
      status: 'success',
    });
    expect(library.count(get)).toBe(1);
    expect(await filesIn('work')).toEqual([]);
  });

  it('is found by a question, the nearest chunk first', async () => {
    const { engine } = await aBench();
    await run(engine, created);
    await run(engine, pump);

    const about = async (query: string) => {
      const found = await engine.start(documentSearch, { query, limit: 2 });
      return found.result();
    };
    const returns = await about(search.query);
    const seal = await about('How many drops may fall from the shaft seal?');

    expect(returns.model).toBe('feature-hashing-256 (offline, no language model)');
    expect(returns.matches[0]).toMatchObject({ doc_id: 'returns-policy', chunk: 0 });
    expect(returns.matches[0]?.text).toContain('within 30 days of delivery');
    expect(seal.matches[0]).toMatchObject({ doc_id: 'pump' });
    expect(seal.matches[0]?.text).toContain('More than five drops a minute');
    expect(seal.matches[0]?.similarity).toBeGreaterThan(seal.matches[1]?.similarity ?? 1);
  });

  it('M015: replaces what was indexed of it before', async () => {
    const { engine } = await aBench();
    await run(engine, created);

    await run(engine, { ...created, action: 'updated', url: pump.url });
    const { matches } = await answers(engine, search.query);

    expect(new Set(matches.map(({ doc_id }) => doc_id))).toEqual(new Set(['returns-policy']));
    expect(matches.map(({ text }) => text).join()).not.toContain('30 days of delivery');
    expect(matches.map(({ text }) => text).join()).toContain('PX-07');
  });
});

describe('routing', () => {
  it('M016: created and updated are to be indexed, deleted is to be deleted', async () => {
    const { engine } = await aBench();

    const index = await run(engine, created);
    const deletion = await run(engine, deleted);

    expect(await eventsOf(engine, index)).toContain('delete.skipped');
    expect(await eventsOf(engine, deletion)).toContain('download.skipped');
    const fields = documentIndex.plan.nodes.flatMap((node) =>
      node.kind === 'task' ? [[node.id, node.call.inputSchema['required']]] : [],
    );
    expect(fields).toContainEqual(['download', ['doc_id', 'url']]);
    expect(fields).toContainEqual(['delete', ['doc_id']]);
    expect(await engine.result(deletion)).toEqual({
      doc_id: 'returns-policy',
      chunks_deleted: 4,
      status: 'deleted',
    });
    expect((await answers(engine, search.query)).matches).toEqual([]);
  });

  it('a deletion is not undone by an older change that arrives late', async () => {
    const bench = await aBench();
    library.fault(get, { status: 503 });
    const { runId } = await bench.engine.start(documentIndex, created);
    await eventually(() => expect(bench.log.at('warn')).toHaveLength(1));

    await bench.clock.advance(500);
    await run(bench.engine, deleted);
    await bench.clock.advance(second);

    expect(await bench.engine.result(runId)).toEqual({
      doc_id: 'returns-policy',
      chunks_indexed: 0,
      status: 'superseded',
    });
    expect((await answers(bench.engine, search.query)).matches).toEqual([]);
  });

  it.each([
    [unknownAction, 'unknown action "archived"'],
    [{ doc_id: 'd-1', action: 'created' }, 'action "created" without a url'],
  ])('M017: an event of no use is kept as a dead letter: %o', async (event, reason) => {
    const { engine, log } = await aBench();

    const runId = await run(engine, event);

    const [file] = await filesIn('dead-letters');
    const dead_letter_id = file?.replace('.json', '') ?? '';
    expect(await engine.result(runId)).toEqual({
      doc_id: event.doc_id,
      status: 'dead_letter',
      reason,
      dead_letter_id,
    });
    expect((await engine.get(runId)).milestones).toMatchObject([{ name: 'event_set_aside' }]);
    expect(await deadLetters.read(dead_letter_id)).toEqual({
      status: 'done',
      details: { event: { ...event, url: null }, reason },
    });
    expect(log.saying(`event set aside: ${reason}`)).toHaveLength(1);
  });

  it('M020: three queues with their priorities, of which "default" is the default', () => {
    const queues = documentIndex.plan.nodes.flatMap((node) =>
      node.kind === 'task' ? [[node.id, node.call.queue, node.call.priority ?? 'default']] : [],
    );

    expect(queues).toEqual([
      ['download', 'default', 'default'],
      ['chunk', 'default', 'default'],
      ['embed', 'default', 'default'],
      ['upsert', 'default', 'default'],
      ['discard', 'default', 'default'],
      ['delete', 'high_priority', 'high'],
      ['dead_letter', 'low_priority', 'low'],
    ]);
  });

  it('M018: an event that was acknowledged is worked on even if the process dies at once', async () => {
    const bench = await aBench();
    await bench.engine.publish(documentUpdated, created, { id: 'delivery-1' });

    const engine = await bench.crash();
    await engine.publish(documentUpdated, created, { id: 'delivery-1' });

    const { runs } = await engine.list();
    expect(runs).toHaveLength(1);
    expect(await engine.result(runs[0]?.runId ?? '')).toMatchObject({ status: 'success' });
  });
});

describe('a download that fails', () => {
  it('M025, M027: is tried again after 1, 2 and 4 seconds, with a warning each time', async () => {
    const { engine, clock, log } = await aBench();
    library.fault(get, { status: 503, times: 3 });
    const { runId } = await engine.start(documentIndex, created);

    for (const [attempt, delayMs] of [
      [1, 1_000],
      [2, 2_000],
      [3, 4_000],
    ] as const) {
      await eventually(() => expect(log.at('warn')).toHaveLength(attempt));
      await clock.advance(delayMs - 1);
      expect(library.count(get)).toBe(attempt);
      await clock.advance(1);
      await eventually(() => expect(library.count(get)).toBe(attempt + 1));
    }

    expect(await engine.result(runId)).toMatchObject({ chunks_indexed: 4, status: 'success' });
    expect(log.at('warn').map(({ message }) => message)).toEqual([
      'retrying in 1s (attempt 2/4)',
      'retrying in 2s (attempt 3/4)',
      'retrying in 4s (attempt 4/4)',
    ]);
    expect(log.at('warn')[0]).toMatchObject({ failure: { name: 'DownloadError' } });
  });

  it('M025: is given up after three retries', async () => {
    const { engine, clock, log } = await aBench();
    library.fault(get, { drop: 'before', times: 9 });
    const { runId } = await engine.start(documentIndex, created);

    for (const [failed, seconds] of [1, 2, 4].entries()) {
      await eventually(() => expect(log.at('warn')).toHaveLength(failed + 1));
      await clock.advance(seconds * second);
    }

    await expect(engine.result(runId)).rejects.toMatchObject({ code: 'RUN_FAILED' });
    expect(library.count(get)).toBe(4);
  });

  it.each([400, 401, 403, 404, 410, 422])(
    'M028, M029, M031: status %i is not tried again; the run ends failed and says why',
    async (status) => {
      const { engine, log } = await aBench();
      library.fault(get, { status });

      const { runId } = await engine.start(documentIndex, created);

      await expect(engine.result(runId)).rejects.toMatchObject({ code: 'RUN_FAILED' });
      expect(await statusesOf(engine, runId)).toContain('failed');
      expect(library.count(get)).toBe(1);
      const error = `Workflow failed at step 'download': "${library.url}/documents/returns-policy.md" was answered with ${status}`;
      const letter = { doc_id: 'returns-policy', status: 'failed', error };
      expect(log.saying('document not indexed')).toMatchObject([{ level: 'error', ...letter }]);
      expect(await onlyDeadLetter()).toEqual(letter);
      expect(await filesIn('work')).toEqual([]);
    },
  );

  it.each([408, 425, 429, 500, 502, 503, 504])('M030: status %i is tried again', async (status) => {
    const { engine, clock, log } = await aBench();
    library.fault(get, { status, times: 2 });
    await engine.start(documentIndex, created);
    await eventually(() => expect(log.at('warn')).toHaveLength(1));

    await clock.advance(second);

    await eventually(() => expect(library.count(get)).toBe(2));
  });

  it('M030: waits as long as a busy server asks', async () => {
    const { engine, log } = await aBench();
    library.fault(get, { status: 429, retryAfterS: 30 });

    await engine.start(documentIndex, created);

    await eventually(() =>
      expect(log.at('warn')).toMatchObject([{ message: 'retrying in 30s (attempt 2/4)' }]),
    );
  });
});

describe('what is downloaded', () => {
  it.each([
    ['is too large', { body: 'x'.repeat(1024 * 1024 + 1) }, 'is larger than 1048576 bytes'],
    ['is no text', { type: 'application/pdf' }, 'is "application/pdf"; only texts can be indexed'],
    ['is elsewhere', { status: 302 }, 'was answered with 302'],
    ['is broken', { body: Buffer.from([0xff, 0xfe, 0xff]) }, 'is no text in utf-8'],
  ])('fails for good when it %s', async (_, answer, message) => {
    const url = await aServer(answer);
    vi.stubEnv('DOCUMENT_ORIGINS', new URL(url).origin);
    const { engine } = await aBench();

    const { runId } = await engine.start(documentIndex, { ...created, url });

    await expect(engine.result(runId)).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: expect.stringContaining(message),
    });
  });

  it.each(['http://169.254.169.254/latest', '//example.com/a', 'file:///etc/hosts'])(
    'is not fetched from an address that is not allowed: %s',
    async (url) => {
      const { engine } = await aBench();

      const { runId } = await engine.start(documentIndex, { ...created, url });

      await expect(engine.result(runId)).rejects.toMatchObject({
        message: expect.stringContaining(`allowed are ${library.url}`),
      });
    },
  );
});

const aBench = () => openBench({ workflows: [documentIndex, documentSearch] });

/** Brings a run to its end and returns its id. */
async function run(engine: Orchestrator, event: Parameters<typeof start>[1]): Promise<string> {
  const { runId, result } = await start(engine, event);
  await result();
  return runId;
}
const start = (engine: Orchestrator, event: { doc_id: string; action: string; url?: string }) =>
  engine.start(documentIndex, event);

async function answers(engine: Orchestrator, query: string) {
  const { result } = await engine.start(documentSearch, { query, limit: 9 });
  return result();
}

async function filesIn(folder: string): Promise<readonly string[]> {
  return readdir(join(dataDirectory(), 'document-index', folder)).catch(() => []);
}

async function onlyDeadLetter() {
  const [file = ''] = await filesIn('dead-letters');
  return (await deadLetters.read(file.replace('.json', '')))?.details;
}

async function aServer(answer: { status?: number; type?: string; body?: string | Uint8Array }) {
  const { status = 200, type = 'text/plain', body = 'a text' } = answer;
  const server = createServer((_, response) =>
    response.writeHead(status, { 'content-type': type }).end(body),
  );
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return `http://127.0.0.1:${address.port}/document`;
}

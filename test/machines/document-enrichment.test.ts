import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { knowledge } from '../../machines/document-enrichment/knowledge.ts';
import returnsPolicy from '../../machines/document-enrichment/returns-policy.json' with {
  type: 'json',
};
import { documentEnrichment } from '../../machines/document-enrichment/workflow.ts';
import { documentLibrary } from '../../machines/document-library/library.ts';
import type { StandIn } from '../../machines/platform.ts';
import { startStandIn } from '../../machines/stand-in.ts';
import { openLowdbStore } from '../../src/adapters/lowdb/index.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { type Bench, eventsOf, minute, openBench, second } from '../support/engine-bench.ts';
import { eventually } from '../support/eventually.ts';

const get = 'GET /documents/:name';
const post = 'POST /enrich';
const pump = { doc_id: 'pump', url: '/documents/pump-maintenance.md' };

const dataDirectory = useDataDirectory();
let library: StandIn;
let service: StandIn;

beforeEach(async () => {
  library = await startStandIn(documentLibrary);
  service = await startStandIn(knowledge);
  vi.stubEnv('DOCUMENT_LIBRARY_URL', library.url);
  vi.stubEnv('KNOWLEDGE_URL', service.url);
  return async () => {
    await library.close();
    await service.close();
  };
});

describe('document enrichment', () => {
  it('M177, M180: ingests, extracts, enriches and summarises, and says that no model did it', async () => {
    const { engine } = await openBench({ workflows: [documentEnrichment] });

    const { runId, result } = await engine.start(documentEnrichment, pump);

    expect(await result()).toEqual({
      doc_id: 'pump',
      title: 'Maintenance of the pump PX-07',
      summary:
        'The pump PX-07 of Aquaterra Pumpen GmbH moves cooling water in the paint shop. ' +
        'Wait until the pressure gauge PG-400 reads below 0.2 bar. ' +
        'Fill in 120 ml of bearing grease from Lubrik Ltd through the upper nipple. ' +
        '(PX-07: cooling water pump, 4 kW; Aquaterra Pumpen GmbH: maker of pumps in Kassel; ' +
        'PG-400: pressure gauge, 0 to 400 bar)',
      entities: [
        { name: 'PX-07', kind: 'product', description: 'cooling water pump, 4 kW' },
        {
          name: 'Aquaterra Pumpen GmbH',
          kind: 'organisation',
          description: 'maker of pumps in Kassel',
        },
        { name: 'PG-400', kind: 'product', description: 'pressure gauge, 0 to 400 bar' },
        { name: 'Lubrik Ltd', kind: 'organisation', description: null },
      ],
      source: 'offline rules, no language model',
    });
    expect(service.count(post)).toBe(4);
    expect(
      (await eventsOf(engine, runId)).filter((event) => /^[a-z]+\.completed$/.test(event)),
    ).toEqual(['ingest.completed', 'extract.completed', 'enrich.completed', 'summarise.completed']);
  });

  it('M164: asks five times, 1, 2, 4 and 8 seconds apart', async () => {
    const bench = await openBench({ workflows: [documentEnrichment] });
    const input = await aDocumentOnPx07();
    service.fault(post, { status: 503, times: 2 });
    const { runId } = await bench.engine.start(documentEnrichment, input);
    await pass(bench, 1, second);
    await retriesAnnounced(bench, 2);

    // Another run succeeds meanwhile, so that the breaker stays closed.
    await (await bench.engine.start(documentEnrichment, input)).result();
    service.fault(post, { status: 503, times: 2 });
    await bench.clock.advance(2 * second);
    await pass(bench, 3, 4 * second);
    await pass(bench, 4, 8 * second);

    expect(await bench.engine.result(runId)).toMatchObject({ doc_id: 'd-1' });
    expect(retries(bench)).toEqual([
      'retrying in 1s (attempt 2/5)',
      'retrying in 2s (attempt 3/5)',
      'retrying in 4s (attempt 4/5)',
      'retrying in 8s (attempt 5/5)',
    ]);
    expect(service.count(post)).toBe(6);
  });

  it('M166, M167, M168, M181: three failures in a row open the breaker, and nothing is asked for 60 s', async () => {
    const bench = await openBench({ workflows: [documentEnrichment] });
    const input = await aDocumentOnPx07();
    service.fault(post, { status: 503, times: 3 });
    const first = await bench.engine.start(documentEnrichment, input);
    await pass(bench, 1, second);
    await pass(bench, 2, 2 * second);
    await eventually(() => expect(bench.log.saying('breaker open')).toHaveLength(1));
    expect(service.count(post)).toBe(3);

    const second_ = await bench.engine.start(documentEnrichment, { ...input, doc_id: 'd-2' });
    await eventually(async () =>
      expect(await eventsOf(bench.engine, second_.runId)).toContain('extract.completed'),
    );
    await bench.clock.advance(minute - 1);

    expect(service.count(post)).toBe(3);
    await bench.clock.advance(1);
    await eventually(() => expect(service.count(post)).toBeGreaterThan(3));
    await bench.clock.advance(second);
    expect(await first.result()).toMatchObject({ doc_id: 'd-1' });
    await bench.clock.advance(minute);
    expect(await second_.result()).toMatchObject({ doc_id: 'd-2' });
    expect(service.count(post)).toBe(5);
  });

  it('M165: does not ask again when the service refuses the question', async () => {
    const { engine } = await openBench({ workflows: [documentEnrichment] });
    service.fault(post, { status: 422, times: 9 });

    const { result } = await engine.start(documentEnrichment, await aDocumentOnPx07());

    await expect(result()).rejects.toMatchObject({ code: 'RUN_FAILED' });
    expect(service.count(post)).toBe(1);
  });

  it('M178, M179: goes on after the last good stage, which stands in a JSON file', async () => {
    const folder = join(dataDirectory(), 'runs');
    const store = await openLowdbStore(folder, { fsync: false });
    onTestFinished(() => store.close());
    const bench = await openBench({ workflows: [documentEnrichment], store });
    service.fault(post, { status: 403, times: 99 });
    const { runId } = await bench.engine.start(documentEnrichment, returnsPolicy);
    await expect(bench.engine.result(runId)).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: expect.stringContaining("step 'enrich'"),
    });
    service.reset();

    const checkpoint = await runDocument(folder, runId);
    const engine = await bench.crash();
    await engine.retry(runId, { actor: 'kim' });

    expect(checkpoint).toContain('"title":"Returns policy"');
    expect(checkpoint).toContain('"name":"Kestrel Logistics Ltd"');
    expect(await engine.result(runId)).toMatchObject({
      doc_id: 'returns-policy',
      summary: expect.stringContaining('parcel carrier in Leeds'),
    });
    expect(library.count(get)).toBe(1);
    expect(service.count(post)).toBe(5);
    const completed = (await eventsOf(engine, runId)).filter((event) =>
      event.endsWith('completed'),
    );
    expect(completed.filter((event) => event === 'ingest.completed')).toHaveLength(1);
    expect(completed.filter((event) => event === 'extract.completed')).toHaveLength(1);
  });
});

/** Waits until so many retries were announced, then lets time pass. */
async function pass(bench: Bench, announced: number, ms: number): Promise<void> {
  await retriesAnnounced(bench, announced);
  await bench.clock.advance(ms);
}

async function retriesAnnounced(bench: Bench, count: number): Promise<void> {
  await eventually(() => expect(retries(bench)).toHaveLength(count));
}

function retries({ log }: Bench): readonly string[] {
  return log.saying('retrying in').map(({ message }) => message);
}

/** The run as the store has written it, without blanks outside of texts. */
async function runDocument(folder: string, runId: string): Promise<string> {
  const files = await readdir(folder, { recursive: true });
  const file = files.find((name) => name.includes(runId) && name.endsWith('.json'));
  return JSON.stringify(JSON.parse(await readFile(join(folder, file ?? ''), 'utf8')));
}

/** A document with one entity, so that requests come one at a time. */
async function aDocumentOnPx07(): Promise<{ doc_id: string; url: string }> {
  const server = createServer((_, response) => response.end('# Note\n\nThe PX-07 is quiet.\n'));
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  const origin = `http://127.0.0.1:${address.port}`;
  vi.stubEnv('DOCUMENT_ORIGINS', origin);
  return { doc_id: 'd-1', url: `${origin}/note` };
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createClient } from '../../src/client/index.ts';
import { defineWorkflow } from '../../src/index.ts';
import { createNews } from '../../src/service/runs/news.ts';
import { createStreams } from '../../src/service/streams.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { openService, type ServiceBench } from '../support/service-bench.ts';

const order = defineWorkflow({
  name: 'order',
  version: 1,
  input: z.object({ orderId: z.string() }),
  steps: (w) => w.finish(w.input, { approve: 'person' }),
});

let bench: ServiceBench;
let url: string;
beforeAll(async () => {
  bench = await openService([order]);
  url = await bench.service.listen();
});
afterAll(() => bench.close());

async function take<T>(events: AsyncIterable<T>, count: number): Promise<readonly T[]> {
  const taken: T[] = [];
  for await (const event of events) if (taken.push(event) === count) break;
  return taken;
}

async function aRun(): Promise<string> {
  const { runId } = await bench.orchestrator.start('order', { orderId: 'o-1' });
  await bench.orchestrator.drive(runId);
  return runId;
}

describe('streams of events', () => {
  it('are not all taken by one caller', () => {
    const streams = createStreams(new ManualClock());
    const as = (name: string) =>
      streams.open({
        caller: { name, role: 'viewer', groups: [] },
        via: 'token',
        expiresAtMs: null,
      });
    const [first] = Array.from({ length: 200 }, () => as('kim'));

    expect(() => as('kim')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
    as('lee');
    first?.end();
    first?.end();
    as('kim');
    expect(() => as('kim')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
    streams.close();
  });

  it('tell the history of a run and go on with what comes', async () => {
    const client = createClient({ url });
    const runId = await aRun();
    const { entries } = await client.runs.history({ params: { runId } });
    const stream = client.runs.events({ params: { runId } });

    const all = take(stream, entries.length + 1);
    await bench.orchestrator.cancel(runId, { actor: 'ann' });

    expect((await all).slice(0, -1).map(({ data }) => data.entry)).toEqual(entries);
    expect((await all).at(-1)?.data.entry).toMatchObject({ actor: 'ann' });
  });

  it('go on after the last event a reader has, over any number of connections', async () => {
    const client = createClient({ url });
    const runId = await aRun();
    const params = { runId };
    const [first] = await take(client.runs.events({ params }), 1);
    const lastEventId = first?.id ?? '';

    const [second] = await take(client.runs.events({ params }, { lastEventId }), 1);
    await expect(
      take(client.runs.events({ params }, { lastEventId: 'x' }), 1),
    ).rejects.toMatchObject({ status: 400, code: 'REQUEST_INVALID' });

    expect([first?.id, second?.id]).toEqual(['1', '2']);
    await expect(
      take(client.runs.events({ params: { runId: 'nobody' } }), 1),
    ).rejects.toMatchObject({ status: 404 });
  });

  it('begin anew for a reader that knows more than there is, as after the return of an older copy', async () => {
    const client = createClient({ url });
    const params = { runId: await aRun() };

    const [first] = await take(client.runs.events({ params }, { lastEventId: '4711' }), 1);

    expect(first?.id).toBe('1');
  });

  it('tell of all runs, filtered, from the moment the reader comes', async () => {
    const client = createClient({ url });
    const told: unknown[] = [];
    const ended = new AbortController();
    let connected = () => {};
    const isConnected = new Promise<void>((resolve) => {
      connected = resolve;
    });
    const reading = (async () => {
      const query = { workflow: 'order', status: ['cancelled' as const] };
      for await (const { data } of client.runs.news(
        { query },
        { signal: ended.signal, onConnection: (isOpen) => isOpen && connected() },
      )) {
        told.push(data);
        if (data.kind === 'entry' && data.status === 'cancelled') ended.abort();
      }
    })();
    await isConnected;
    const runId = await aRun();
    await bench.orchestrator.cancel(runId);
    await reading;

    expect(told).toEqual([
      expect.objectContaining({ kind: 'entry', runId, status: 'cancelled', workflow: 'order' }),
    ]);
  });

  it('keep a bounded number of events: who comes too late is told so, once', async () => {
    const clock = new ManualClock();
    const listeners = new Set<Parameters<typeof bench.orchestrator.subscribe>[0]>();
    const news = createNews(
      {
        subscribe(listener) {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
      { clock, epoch: 'e', capacity: 3 },
    );
    const { entries } = await bench.client.runs.history({ params: { runId: await aRun() } });
    const happen = (runId: string) => {
      for (const listener of listeners)
        for (const entry of entries.slice(0, 1))
          listener({ runId, workflow: 'order', status: entry.to, entry });
    };
    const read = async (lastEventId: string | undefined, count: number) => {
      const ended = new AbortController();
      const events = await take(
        news.follow(() => true, lastEventId, ended.signal),
        count,
      );
      ended.abort();
      return events.map(({ id, data }) => (data.kind === 'entry' ? data.runId : `missed ${id}`));
    };
    const slow = news.follow(() => true, undefined, new AbortController().signal);
    const beginning = take(slow, 1);
    for (const runId of ['a', 'b', 'c', 'd', 'e']) happen(runId);

    expect(await read('e-2', 3)).toEqual(['c', 'd', 'e']);
    expect(await read('e-1', 1)).toEqual(['missed e-5']);
    expect(await read('another-4', 1)).toEqual(['missed e-5']);
    expect((await beginning)[0]).toMatchObject({ data: { kind: 'missed' } });
    news.close();
    expect(listeners.size).toBe(0);
  });

  it('show that they live while nothing happens', async () => {
    const { clock } = bench;
    const runId = await aRun();
    const { entries } = await bench.orchestrator.get(runId);
    const response = await fetch(`${url}/api/v1/runs/${runId}/events?afterSeq=${entries}`);
    const reader = response.body?.getReader();
    const text = async () => new TextDecoder().decode((await reader?.read())?.value);

    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(await text()).toBe('retry: 2000\n\n');
    await clock.advance(15_000);
    expect(await text()).toBe(': still here\n\n');
    await reader?.cancel();
  });

  it('end when the service closes', async () => {
    const other = await openService([order]);
    const response = await fetch(`${await other.service.listen()}/api/v1/events`);
    const read = response.text();

    await other.close();

    expect(await read).toBe('retry: 2000\n\n');
  });
});

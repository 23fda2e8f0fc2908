import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Client, createClient } from '../../src/client/index.ts';
import { useTown } from './support/signalbox.ts';

const town = useTown();
const dayMs = 24 * 60 * 60 * 1000;

async function open() {
  const args = ['serve', '--development', '--port', '0', '--store', 'lowdb:runs'];
  const { child, ended } = town.start(args);
  const printed = await new Promise<string>((resolve) => child.stdout.once('data', resolve));
  return { client: createClient({ url: / at (\S+)/.exec(printed)?.[1] ?? '' }), child, ended };
}

/** Asks until there is a worker again, another than that one. */
async function afterInstance(client: Client, instance: string): Promise<void> {
  for (;;) {
    const now = await client.service.about().catch(() => null);
    if (now !== null && now.instance !== instance) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const start = async (client: Client, workflow: string, input: object) =>
  (await client.runs.start({ body: { workflow, input: { ...input } } })).runId;
const finished = async (client: Client, runId: string) =>
  (await client.runs.wait({ params: { runId }, query: { until: 'finished' } })).run;

it('serve --development kills the worker at a commit and another one goes on; it skips the clock to a deadline, for good', async () => {
  const { client, child, ended } = await open();
  const { instance } = await client.service.about();

  // The start is the first commit, the second says that the first attempt is under way.
  await client.development.crash({ body: { commit: 2, moment: 'after' } });
  const call = await start(client, 'phone', { file: town.path('deeds') });
  await afterInstance(client, instance);
  const called = await finished(client, call);

  const nap = await start(client, 'nap', { ms: dayMs });
  await client.runs.wait({ params: { runId: nap } });
  const { skippedMs } = await client.development.skip({ body: { runId: nap } });
  const rested = await finished(client, nap);
  const before = await client.development.get();
  await client.development.crash({ body: {} });
  await afterInstance(client, before.instance);
  const after = await client.development.get();
  child.kill('SIGTERM');

  expect(called).toMatchObject({ status: 'complete' });
  expect(
    readFileSync(town.path('deeds'), 'utf8').split('\n').filter(Boolean).length,
  ).toBeGreaterThan(1);
  expect(skippedMs).toBeGreaterThan(dayMs - 60_000);
  expect(rested.status).toBe('complete');
  expect(after.clock.aheadMs).toBe(skippedMs);
  expect([before.restarts, after.restarts]).toEqual([1, 2]);
  expect(Date.parse(after.clock.now)).toBeGreaterThan(Date.now() + dayMs - 120_000);
  expect((await ended).code).toBe(0);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openLowdbStore } from '../../../src/adapters/lowdb/index.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { schemes } from '../../../src/webhooks/schemes.ts';
import { openBench, secret } from './support.ts';

describe('a service that is killed between acknowledgement and processing', () => {
  it('F-07, M018: processes every acknowledged webhook when it starts again, once', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'signalbox-webhooks-'));
    const file = fileURLToPath(new URL('accepting-child.ts', import.meta.url));
    const child = spawn(process.execPath, [file, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [url] = (await once(child.stdout, 'data')).map((data) => String(data).trim());
    const ids = Array.from({ length: 20 }, (_, index) => `d-${index}`);
    const statuses = await Promise.all(ids.map((id) => deliver(String(url), id)));
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(new Set(statuses)).toEqual(new Set([202]));

    const store = await openLowdbStore(directory);
    const bench = await openBench({ store, clock: systemClock });
    // what is on a disk takes turns of the event loop
    while ((await bench.client.webhooks.deliveries()).waiting > 0) await delay(5);
    const keys = (await bench.runs()).map(({ key }) => key);
    expect(new Set(keys)).toEqual(new Set(ids.map((id) => `webhook:orders:${id}`)));
    expect(keys).toHaveLength(ids.length);
    expect((await bench.send({ type: 'created', orderId: 'o-1' }, { id: 'd-3' })).status).toBe(202);
    await bench.close();
    await store.close();
    rmSync(directory, { recursive: true });
  });
});

async function deliver(url: string, id: string): Promise<number> {
  const body = JSON.stringify({ type: 'created', orderId: id });
  const signed = schemes.generic.sign({ id, body, key: Buffer.from(secret), nowMs: 0 });
  const headers = { 'content-type': 'application/json', ...signed };
  const response = await fetch(`${url}/webhooks/orders`, { method: 'POST', headers, body });
  return response.status;
}

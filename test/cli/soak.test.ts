import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { schemes } from '../../src/webhooks/schemes.ts';
import { useTown } from './support/signalbox.ts';

const isFull = process.env['SIGNALBOX_TEST_FULL'] === '1';
const library = new URL('../../src/index.ts', import.meta.url).href;
const packages = fileURLToPath(new URL('../../node_modules', import.meta.url));
const secret = 's'.repeat(32);

const rounds = 8;
const deliveries = 2_500;
const forged = 100;
const lists = 100;
const senders = 20;

const town = useTown();

function writeMachine(): void {
  symlinkSync(packages, town.path('node_modules'));
  mkdirSync(town.path('machines/greeting'), { recursive: true });
  writeFileSync(
    town.path('machines/greeting/workflow.ts'),
    `import { z } from 'zod';
import { defineSchedule, defineWebhook, defineWorkflow, onWebhook } from '${library}';
export const greeting = defineWorkflow({
  name: 'greeting', version: 1, input: z.object({}),
  steps: (w) => w.finish(w.input, { approve: 'automatic' }),
});
export const calls = defineWebhook({
  name: 'calls', preset: 'generic', secrets: ['${secret}'],
  events: { '*': onWebhook({ payload: z.object({}), workflow: greeting, input: () => ({}) }) },
});
export const tick = defineSchedule({ name: 'tick', cron: '* * * * * *', workflow: greeting, input: {} });
`,
  );
}

/** Resident memory of a process. */
function residentMb(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

// It reads the memory of another process, which only Linux shows as a file.
describe.runIf(isFull && process.platform === 'linux')('a service that works for long', () => {
  it(`B-12: after ${rounds * deliveries} deliveries its memory is flat, its log has a short line for each request, its audit log is small`, async () => {
    writeMachine();
    const { child, ended } = town.start(
      ['serve', '--port', '0', '--json', '--store', 'sqlite:runs.db', '--machines', 'machines'],
      '',
      { machines: null, env: { SIGNALBOX_LOG: 'info' } },
    );
    const printed = await new Promise<string>((resolve) => child.stdout.once('data', resolve));
    const { url } = JSON.parse(printed) as { url: string };
    const client = createClient({ url });
    const key = Buffer.from(secret);
    const call = async (id: string, body = '{}') => {
      const signed = schemes.generic.sign({ id, body: '{}', key, nowMs: 0 });
      const headers = { 'content-type': 'application/json', ...signed };
      const answer = await fetch(`${url}/webhooks/calls`, { method: 'POST', headers, body });
      await answer.arrayBuffer();
      return answer.status;
    };
    const statuses = new Map<number, number>();
    const resident: number[] = [];
    let asked = 0;

    for (let round = 0; round < rounds; round += 1) {
      const work = [
        ...Array.from({ length: deliveries }, (_, index) => () => call(`${round}-${index}`)),
        ...Array.from({ length: forged }, () => () => call('forged', '{"x":1}')),
        ...Array.from({ length: lists }, () => async () => {
          await client.runs.list({ query: { limit: 20 } });
          return 200;
        }),
      ];
      asked += work.length;
      const sender = async () => {
        for (let next = work.pop(); next !== undefined; next = work.pop()) {
          const status = await next();
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: senders }, sender));
      for (let waiting = 1; waiting > 0; asked += 1)
        ({ waiting } = await client.webhooks.deliveries({ query: { limit: 1 } }));
      resident.push(residentMb(child.pid));
    }
    const { entries } = await client.audit.list({ query: { limit: 200 } });
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    const lines = stderr.split('\n').filter((line) => line.includes('"msg":"request"'));
    process.stdout.write(
      `B-12: ${resident.map(Math.round).join(' ')} MB; ${lines.length} lines, ${stderr.length} bytes\n`,
    );

    expect(Object.fromEntries(statuses)).toEqual({
      200: rounds * lists,
      202: rounds * deliveries,
      401: rounds * forged,
    });
    const [settled = 0] = resident.slice(2);
    expect(Math.max(...resident.slice(-3))).toBeLessThan(settled * 1.25);
    expect(lines.length).toBe(asked + 1);
    expect(stderr.length / asked).toBeLessThan(400);
    expect(entries.length).toBeLessThan(50);
    expect(code).toBe(0);
  }, 600_000);
});

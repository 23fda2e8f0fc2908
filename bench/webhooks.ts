/**
 * Webhooks under load: 50 senders for some seconds, next to an empty route of Fastify in the same run.
 *
 * `node bench/webhooks.ts [--seconds 30] [--store sqlite|lowdb|memory] [--json]`
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { schemes } from '../src/webhooks/schemes.ts';
import { scratchFolder } from './support/stores.ts';
import type { Listening, Memory, Verdict } from './support/webhook-server.ts';

const connections = 50;
const secret = 'a secret of the bench, 32 bytes and more';

export interface WebhookLoad {
  readonly store: string;
  readonly seconds: number;
  readonly perSecond: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly emptyPerSecond: number;
  readonly emptyP99Ms: number;
  /** Of the p99; below 10 is wanted. */
  readonly p99ToEmpty: number;
  /** Acknowledged, and neither a run nor a dead letter. */
  readonly lost: number;
  readonly doubled: number;
  /** From the last answer until everything was processed. */
  readonly drainSeconds: number;
  readonly rssMb: { readonly first: number; readonly last: number; readonly most: number };
}

export async function measureWebhooks(options: {
  readonly store: string;
  readonly seconds: number;
}): Promise<WebhookLoad> {
  const { store, seconds } = options;
  const folder = scratchFolder(undefined);
  const file = fileURLToPath(new URL('support/webhook-server.ts', import.meta.url));
  // with room to spare, V8 puts off collecting what nobody needs, and memory says nothing
  const server = fork(file, [store, folder.path], { execArgv: ['--max-old-space-size=128'] });
  const rss: number[] = [];
  server.on('message', (message: Memory | Verdict | Listening) => {
    if (message.kind === 'memory') rss.push(message.rssBytes / 1024 / 1024);
  });
  try {
    const { empty, service } = await told(server, 'listening');
    const floor = await load(`${empty}/empty`, Math.max(1, Math.round(seconds / 3)));
    rss.length = 0;
    const { result, acknowledged } = await load(`${service}/webhooks/bench`, seconds);
    const endMs = performance.now();
    server.send(acknowledged);
    const verdict = await told(server, 'verdict');
    const drainSeconds = (performance.now() - endMs) / 1000;
    await once(server, 'exit');
    return {
      store,
      seconds,
      perSecond: Math.round(result.requests.average),
      acknowledged: acknowledged.length,
      refused: result.non2xx,
      errors: result.errors + result.timeouts,
      p50Ms: result.latency.p50,
      p99Ms: result.latency.p99,
      emptyPerSecond: Math.round(floor.result.requests.average),
      emptyP99Ms: floor.result.latency.p99,
      p99ToEmpty: rounded(result.latency.p99 / Math.max(1, floor.result.latency.p99)),
      lost: verdict.missing,
      doubled: verdict.doubled,
      drainSeconds: rounded(drainSeconds),
      rssMb: {
        first: rounded(rss.at(2) ?? 0),
        last: rounded(rss.at(-1) ?? 0),
        most: rounded(Math.max(...rss)),
      },
    };
  } finally {
    server.kill();
    folder.remove();
  }
}

/** Every request is a delivery of its own, signed; the empty route gets the same ones. */
async function load(url: string, seconds: number) {
  const acknowledged: string[] = [];
  const key = schemes.generic.keyOf(secret);
  let sent = 0;
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: [
      {
        setupRequest(request, context) {
          sent += 1;
          const id = `d-${sent}`;
          context.id = id;
          const body = JSON.stringify({ type: 'created', n: sent });
          const signed = schemes.generic.sign({ id, body, key, nowMs: 0 });
          const headers = { 'content-type': 'application/json', ...signed };
          return { ...request, method: 'POST', body, headers };
        },
        onResponse(status, _body, { id }) {
          if (status === 202 && id !== undefined) acknowledged.push(id);
        },
      },
    ],
  });
  return { result, acknowledged };
}

type Told = Listening | Verdict | Memory;

async function told<K extends Told['kind']>(
  server: ChildProcess,
  kind: K,
): Promise<Extract<Told, { readonly kind: K }>> {
  return new Promise((resolve, reject) => {
    server.on('message', (message: Told) => {
      if (message.kind === kind) resolve(message as Extract<Told, { readonly kind: K }>);
    });
    server.once('exit', () => reject(new Error('The server of the bench has ended')));
  });
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '30' },
      store: { type: 'string', default: 'sqlite' },
      json: { type: 'boolean', default: false },
    },
  });
  const row = await measureWebhooks({ store: values.store, seconds: Number(values.seconds) });
  process.stdout.write(
    values.json
      ? `${JSON.stringify(row)}\n`
      : [
          `${row.acknowledged} webhooks acknowledged in ${row.seconds} s by 50 senders on ${row.store} (${row.perSecond} a second), ${row.refused} refused, ${row.errors} errors`,
          `p99 ${row.p99Ms} ms, empty route ${row.emptyP99Ms} ms: ${row.p99ToEmpty} times; below 10 is wanted`,
          `lost ${row.lost}, doubled ${row.doubled}; everything processed ${row.drainSeconds} s after the last answer`,
          `memory ${row.rssMb.first} MB at first, ${row.rssMb.last} MB at last, ${row.rssMb.most} MB at most`,
          '',
        ].join('\n'),
  );
  const isGood = row.lost === 0 && row.doubled === 0 && row.errors === 0 && row.p99ToEmpty < 10;
  process.exitCode = isGood ? 0 : 1;
}

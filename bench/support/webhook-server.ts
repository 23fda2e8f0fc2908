/** The service and an empty Fastify route in a process of their own, so that whoever sends does not take their turns. */
import Fastify from 'fastify';
import { z } from 'zod';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { defineWebhook, defineWorkflow, onWebhook } from '../../src/index.ts';
import { createService } from '../../src/service/index.ts';
import type { StoreKind } from './store-kinds.ts';
import { openOrchestrator, openStore } from './stores.ts';

export interface Listening {
  readonly kind: 'listening';
  readonly empty: string;
  readonly service: string;
}

/** What became of the deliveries that were acknowledged. */
export interface Verdict {
  readonly kind: 'verdict';
  readonly runs: number;
  readonly deadLetters: number;
  readonly missing: number;
  readonly doubled: number;
}

export interface Memory {
  readonly kind: 'memory';
  readonly rssBytes: number;
}

const secret = 'a secret of the bench, 32 bytes and more';

const [kind = 'sqlite', folder = ''] = process.argv.slice(2);
const Event = z.object({ type: z.literal('created'), n: z.int() });
const received = defineWorkflow({
  name: 'received',
  version: 1,
  input: Event,
  steps: (w) => w.finish(w.input, { approve: 'automatic' }),
});
const bench = defineWebhook({
  name: 'bench',
  preset: 'generic',
  secrets: [secret],
  events: { '*': onWebhook({ payload: Event, workflow: received, input: (event) => event }) },
});

const silence = { debug() {}, info() {}, warn() {}, error() {}, child: () => silence };

if (process.send !== undefined) await serve();

async function serve(): Promise<void> {
  const store = await openStore(kind as StoreKind, folder);
  const orchestrator = await openOrchestrator(store, [received]);
  const service = await createService(orchestrator, {
    store,
    triggers: [bench],
    webhooks: { maxWaiting: 1_000_000 },
    logger: silence,
  });
  const empty = Fastify();
  empty.post('/empty', () => ({ status: 'accepted' }));
  tell({
    kind: 'listening',
    empty: await empty.listen({ host: '127.0.0.1', port: 0 }),
    service: await service.listen(),
  });
  const sampler = setInterval(
    () => tell({ kind: 'memory', rssBytes: process.memoryUsage.rss() }),
    500,
  );
  process.once('message', (acknowledged: readonly string[]) => {
    clearInterval(sampler);
    void end(acknowledged);
  });

  async function end(acknowledged: readonly string[]): Promise<void> {
    tell(await judge(acknowledged));
    await service.close();
    await empty.close();
    await orchestrator.close();
    await store.close();
    process.disconnect?.();
  }

  async function judge(acknowledged: readonly string[]): Promise<Verdict> {
    for (;;) {
      const left = await store.records('webhook-inbox', { limit: 1 });
      if (left.length === 0) break;
      await new Promise<void>((resolve) => systemClock.after(50, resolve));
    }
    const effects = new Map<string, number>();
    let cursor: string | undefined;
    do {
      const page = await store.list({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
      for (const { header } of page.runs) {
        const id = header.key?.replace('webhook:bench:', '') ?? '';
        effects.set(id, (effects.get(id) ?? 0) + 1);
      }
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);
    const letters = await store.records('webhook-dead-letters', { limit: 1_000 });
    return {
      kind: 'verdict',
      runs: [...effects.values()].reduce((sum, one) => sum + one, 0),
      deadLetters: letters.length,
      missing: acknowledged.filter((id) => !effects.has(id)).length - letters.length,
      doubled: [...effects.values()].filter((one) => one > 1).length,
    };
  }
}

function tell(message: Listening | Verdict | Memory): void {
  process.send?.(message);
}

/** A service that receives webhooks of two sources, over a store and a clock of the test's. */
import { z } from 'zod';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { type Client, createClient } from '../../../src/client/index.ts';
import {
  createOrchestrator,
  defineEvent,
  defineWebhook,
  defineWorkflow,
  type Orchestrator,
  onWebhook,
  type Trigger,
} from '../../../src/index.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Store } from '../../../src/ports/store.ts';
import { createApp } from '../../../src/service/app.ts';
import type { WebhookSettings } from '../../../src/service/webhooks/webhooks.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { schemes } from '../../../src/webhooks/schemes.ts';

export const secret = 'a secret of thirty-two characters';
export const oldSecret = 'the secret that was valid before.';

const Order = z.object({ orderId: z.string(), type: z.string(), total: z.number().optional() });

export const order = defineWorkflow({
  name: 'order',
  version: 1,
  input: z.object({ orderId: z.string().max(20), deliveryId: z.string() }),
  steps: (w) => w.finish(w.input, { approve: 'automatic' }),
});

export const paid = defineEvent({ name: 'paid', payload: z.object({ cents: z.number() }) });

const payment = defineWorkflow({
  name: 'payment',
  version: 1,
  input: z.object({}),
  steps: (w) => w.waitFor('paid', paid, { within: '24h' }),
});

export const orders = defineWebhook({
  name: 'orders',
  preset: 'generic',
  secrets: [secret, oldSecret],
  events: {
    created: onWebhook({
      payload: Order,
      workflow: order,
      input: ({ orderId }, { deliveryId }) => {
        if (orderId === 'bad-mapping') throw new TypeError('no such order');
        return { orderId, deliveryId };
      },
      when: ({ orderId }) => orderId !== 'ignored',
    }),
    paid: onWebhook({
      payload: Order,
      signal: paid,
      run: ({ orderId }) => orderId,
      input: ({ total = 0 }) => ({ cents: total }),
      waitFor: '10m',
    }),
  },
});

export const stripe = defineWebhook({
  name: 'stripe',
  preset: 'stripe',
  secrets: [secret],
  events: {
    '*': onWebhook({
      payload: z.object({ id: z.string() }),
      workflow: order,
      input: ({ id }, { deliveryId }) => ({ orderId: id, deliveryId }),
    }),
  },
});

export interface Bench {
  readonly app: Awaited<ReturnType<typeof createApp>>;
  readonly orchestrator: Orchestrator;
  readonly store: Store;
  readonly clock: ManualClock;
  /** Sends a signed body to `orders`. */
  send(
    payload: unknown,
    options?: {
      readonly id?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly key?: string;
    },
  ): Promise<{
    readonly status: number;
    readonly answer: { readonly [name: string]: unknown };
    readonly retryAfter: unknown;
  }>;
  readonly client: Client;
  /** Lets everything that was accepted be processed. */
  settle(): Promise<void>;
  runs(): Promise<readonly { readonly runId: string; readonly key: string | null }[]>;
  close(): Promise<void>;
}

export async function openBench(
  options: {
    readonly store?: Store;
    readonly clock?: Clock;
    /** Beside those of the bench. */
    readonly triggers?: readonly Trigger[];
  } & WebhookSettings = {},
): Promise<Bench> {
  const manual = new ManualClock();
  const { store = createMemoryStore(), clock = manual, triggers = [], ...webhooks } = options;
  const orchestrator = await createOrchestrator({
    workflows: [order, payment],
    store,
    clock,
    logger: silence,
  });
  const app = await createApp(
    { orchestrator, store, clock, triggers: [orders, stripe, ...triggers] },
    { webhooks },
  );
  return {
    app,
    orchestrator,
    store,
    clock: manual,
    async send(payload, { id = `id-${++sent}`, headers, body: text, key = secret } = {}) {
      const body = text ?? JSON.stringify(payload);
      const signed = schemes.generic.sign({
        id,
        body,
        key: Buffer.from(key),
        nowMs: clock.nowMs(),
      });
      const response = await app.inject({
        method: 'POST',
        url: '/webhooks/orders',
        headers: { 'content-type': 'application/json', ...signed, ...headers },
        payload: body,
      });
      const retryAfter = response.headers['retry-after'];
      return { status: response.statusCode, answer: response.json(), retryAfter };
    },
    client: createClient({ fetch: fetchOf(app) }),
    settle: () => manual.advance(0),
    runs: async () => (await orchestrator.list({ limit: 1_000 })).runs,
    async close() {
      await app.close();
      await orchestrator.close();
    },
  };
}

let sent = 0;

const silence = { debug() {}, info() {}, warn() {}, error() {}, child: () => silence };

/** Calls that reach the app without a network. */
export function fetchOf(app: Bench['app']): typeof fetch {
  return async (url, { method = 'GET', headers, body } = {}) => {
    const response = await app.inject({
      method: method as 'GET',
      url: url as string,
      headers: { ...(headers as Record<string, string>) },
      ...(typeof body === 'string' ? { payload: body } : {}),
    });
    return new Response(response.body === '' ? null : response.body, {
      status: response.statusCode,
      headers: { 'content-type': String(response.headers['content-type']) },
    });
  };
}

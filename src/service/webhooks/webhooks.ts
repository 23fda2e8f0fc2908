/** Webhooks that come in: received, kept, processed, and looked after. */
import type { FastifyInstance } from 'fastify';
import type { Trigger } from '../../triggers/trigger.ts';
import type { ServiceParts } from '../parts.ts';
import { createDeadLetters, type DeadLetters } from './dead-letters.ts';
import { createDownload, type Download } from './download.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { type Origin, type Origins, openOrigins } from './origins.ts';
import { receiveWebhooks } from './receiver.ts';
import { createRetention, type Retention } from './retention.ts';
import { createSnsDesk } from './sns-desk.ts';
import { openSources, type Source, type Sources } from './sources.ts';

export interface WebhookSettings {
  /** Largest body. Default: 1 MiB. */
  readonly maxBodyBytes?: number;
  /** For the whole body. Default: 10,000. */
  readonly bodyTimeoutMs?: number;
  /** Deliveries processed at once. Default: 16. */
  readonly concurrency?: number;
  /** Deliveries that may wait to be processed; more are answered with 503. Default: 10,000. */
  readonly maxWaiting?: number;
  /** How long a delivery is remembered, and its id known. Default: 7 days. */
  readonly rememberForMs?: number;
  /** How long a dead letter is kept. Default: 90 days. */
  readonly keepDeadLettersMs?: number;
  /** Where secrets named by variables are looked up. Default: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How SNS is asked for certificates, and to confirm subscriptions. Default: over HTTPS, at public addresses. */
  readonly download?: Download;
  /** A source without its secret can be tried out with the test call all the same. Default: false. */
  readonly isDevelopment?: boolean;
}

export interface Webhooks {
  readonly sources: Sources;
  readonly origins: Origins;
  readonly inbox: Inbox;
  readonly deadLetters: DeadLetters;
  readonly retention: Retention;
  /** Other triggers instead of those there are: what was accepted goes on by them. @throws SignalboxError `DEFINITION_INVALID` */
  prepare(triggers: readonly Trigger[]): () => void;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Takes up what an earlier process left when the app is ready; ends with the app. */
export function createWebhooks(
  app: FastifyInstance,
  parts: ServiceParts,
  settings: WebhookSettings,
): Webhooks {
  const { concurrency = 16, maxWaiting = 10_000, isDevelopment = false } = settings;
  const secrets = {
    env: settings.env ?? process.env,
    madeUp: isDevelopment ? parts.ids : null,
  };
  const sources = new Map<string, Source>();
  const origins = new Map<string, Origin>();
  function prepare(triggers: readonly Trigger[]): () => void {
    const freshSources = openSources(triggers, secrets);
    const freshOrigins = openOrigins(freshSources, triggers);
    return () => {
      refill(sources, freshSources);
      refill(origins, freshOrigins);
    };
  }
  prepare(parts.triggers ?? [])();
  const inbox = createInbox(parts, origins, { concurrency, maxWaiting });
  const retention = createRetention(parts, {
    deliveriesMs: settings.rememberForMs ?? 7 * dayMs,
    deadLettersMs: settings.keepDeadLettersMs ?? 90 * dayMs,
  });
  receiveWebhooks(app, {
    sources,
    inbox,
    sns: createSnsDesk({ ...parts, download: settings.download ?? createDownload() }),
    clock: parts.clock,
    limits: {
      maxBytes: settings.maxBodyBytes ?? 1024 * 1024,
      timeoutMs: settings.bodyTimeoutMs ?? 10_000,
    },
  });
  app.addHook('onReady', () => inbox.open());
  app.addHook('onClose', async () => {
    retention.close();
    await inbox.close();
  });
  return {
    sources,
    origins,
    inbox,
    deadLetters: createDeadLetters(parts, inbox),
    retention,
    prepare,
  };
}

function refill<V>(map: Map<string, V>, fresh: ReadonlyMap<string, V>): void {
  map.clear();
  for (const [name, value] of fresh) map.set(name, value);
}

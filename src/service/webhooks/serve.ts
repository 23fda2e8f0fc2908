import type { z } from 'zod';
import { api } from '../../api/api.ts';
import type { DeadLetter, WebhookSource } from '../../api/webhooks.ts';
import { redact } from '../../engine/redact.ts';
import { SignalboxError } from '../../errors.ts';
import type { Bind } from '../bind.ts';
import type { ServiceParts } from '../parts.ts';
import type { FoundLetter } from './dead-letters.ts';
import { listDeliveries, processedView } from './deliveries.ts';
import type { Origin } from './origins.ts';
import type { Source } from './sources.ts';
import { sendTest } from './test-sender.ts';
import type { Webhooks } from './webhooks.ts';

export function serveWebhooks(bind: Bind, parts: ServiceParts, webhooks: Webhooks): void {
  const { sources, origins, inbox, deadLetters } = webhooks;
  const { audit, store, basePath } = parts;

  bind(api.webhooks.sources, () => ({
    sources: [...sources.values()].map((source) => sourceView(source, basePath)),
  }));

  bind(api.webhooks.deliveries, async ({ query: { cursor, ...query } }) => {
    const page = await listDeliveries(store, {
      ...query,
      ...(cursor === undefined ? {} : { before: cursor }),
    });
    return {
      deliveries: page.deliveries,
      cursor: page.isMore ? (page.deliveries.at(-1)?.deliveryKey ?? null) : null,
      waiting: inbox.waiting(),
    };
  });

  bind(api.webhooks.test, async ({ params, body }, { caller }) => {
    const source = sources.get(params.source);
    if (source === undefined) {
      throw new SignalboxError('WEBHOOK_UNKNOWN', `There is no source "${params.source}"`, {
        details: { source: params.source },
      });
    }
    const sent = await sendTest(parts, inbox, source, { ...body, testedBy: caller.name });
    await audit.record(caller, 'webhook.tested', `webhook/${params.source}`, {
      delivery: sent.deliveryKey,
    });
    return sent;
  });

  bind(api.webhooks.deadLetters, async ({ query: { cursor, limit, ...filter } }) => {
    const { letters, isMore } = await deadLetters.page(filter, {
      limit,
      ...(cursor === undefined ? {} : { before: cursor }),
    });
    return {
      deadLetters: letters.map((letter) => letterView(letter, origins.get(letter.arrival.source))),
      cursor: isMore ? (letters.at(-1)?.key ?? null) : null,
    };
  });

  bind(api.webhooks.deadLetter, async ({ params }) => {
    const letter = await deadLetters.get(params.deliveryKey);
    return letterView(letter, origins.get(letter.arrival.source));
  });

  bind(api.webhooks.replay, async ({ params }, { caller }) => {
    await deadLetters.replay(params.deliveryKey);
    await audit.record(caller, 'webhook.replayed', `webhook-delivery/${params.deliveryKey}`);
    return undefined;
  });

  bind(api.webhooks.replayAll, async ({ body: { limit, dryRun, ...filter } }, { caller }) => {
    const { keys, isMore } = await deadLetters.replayAll(filter, { limit, dryRun });
    if (!dryRun) {
      await audit.record(caller, 'webhook.replayed', 'webhook-delivery/*', {
        ...filter,
        replayed: keys.length,
      });
    }
    return { replayed: keys.length, isMore };
  });

  bind(api.webhooks.discard, async ({ params }, { caller }) => {
    await deadLetters.discard(params.deliveryKey);
    await audit.record(caller, 'webhook.discarded', `webhook-delivery/${params.deliveryKey}`);
    return undefined;
  });
}

function sourceView(
  { webhook, keys, problem, isTestOnly }: Source,
  basePath: string,
): z.input<typeof WebhookSource> {
  return {
    source: webhook.name,
    description: webhook.description,
    path: `${basePath}/webhooks/${webhook.name}`,
    preset: webhook.scheme.name,
    problem,
    secrets: isTestOnly ? 0 : keys.length,
    isTestOnly,
    events: [...webhook.rules].map(([event, { target, schema }]) => ({
      event,
      target,
      payload: schema as z.input<typeof WebhookSource>['events'][number]['payload'],
    })),
  };
}

function letterView(
  { key, arrival, delivery }: FoundLetter,
  origin: Origin | undefined,
): z.input<typeof DeadLetter> {
  const { event, payload, headers, replays } = arrival;
  const rules = origin?.rules;
  const rule = (event === null ? undefined : rules?.get(event)) ?? rules?.get('*');
  return {
    ...processedView(key, delivery),
    payload: rule === undefined ? payload : redact(payload, rule.sensitive),
    headers,
    replays,
  };
}

/** Watched directories and queues of a service. */
import type { z } from 'zod';
import type { AnswerOf } from '../../api/route.ts';
import type { triggers as calls, Trigger as TriggerShape } from '../../api/triggers.ts';
import { SignalboxError } from '../../errors.ts';
import type { Json } from '../../plan/json.ts';
import type { QueueTrigger } from '../../triggers/queue.ts';
import type { Watch } from '../../triggers/watch.ts';
import type { ServiceParts } from '../parts.ts';
import type { Inbox } from '../webhooks/inbox.ts';
import { sha256 } from '../webhooks/stored.ts';
import type { Accept, FeedRunner } from './feed-runner.ts';
import { createQueueRunner } from './queue-runner.ts';
import { createWatchRunner } from './watch-runner.ts';

export interface Feeds {
  list(): readonly z.input<typeof TriggerShape>[];
  /** @throws SignalboxError `TRIGGER_UNKNOWN` */
  test(name: string, event: Json): AnswerOf<(typeof calls)['test']>;
  start(): void;
  close(): Promise<void>;
}

const maxIdLength = 200;

export function createFeeds(
  parts: ServiceParts,
  { inbox, listens = true }: { readonly inbox: Pick<Inbox, 'accept'>; readonly listens?: boolean },
): Feeds {
  const triggers = (parts.triggers ?? []).filter(
    (one): one is Watch | QueueTrigger => one.trigger === 'watch' || one.trigger === 'queue',
  );
  const accept: Accept = async (source, id, payload) => {
    const deliveryId = id.length > maxIdLength ? `sha256:${sha256(id)}` : id;
    const delivery = { deliveryId, event: null, payload, headers: {} };
    return (await inbox.accept(source, delivery, null)) !== null;
  };
  const { ids } = parts;
  const random = () => ids.random();
  const runners = new Map<string, FeedRunner>(
    triggers.map((trigger) => [
      trigger.name,
      trigger.trigger === 'watch'
        ? createWatchRunner(trigger, { ...parts, accept, listens })
        : createQueueRunner(trigger, { ...parts, accept, random }),
    ]),
  );

  return {
    list: () =>
      triggers.map((trigger) => {
        const { name, description, rule } = trigger;
        const runner = runners.get(name);
        const { lastAtMs = null, problem = null, counts } = runner ?? {};
        return {
          name,
          kind: trigger.trigger,
          description,
          target: rule.target,
          source: trigger.trigger === 'watch' ? trigger.directory : 'queue',
          counts: { accepted: counts?.accepted ?? 0, repeated: counts?.repeated ?? 0 },
          lastAt: lastAtMs === null ? null : new Date(lastAtMs).toISOString(),
          problem,
        };
      }),
    test(name, event) {
      const trigger = triggers.find((one) => one.name === name);
      if (trigger === undefined) {
        throw new SignalboxError('TRIGGER_UNKNOWN', `There is no trigger "${name}"`, {
          details: { trigger: name },
          hint: 'signalbox triggers lists them',
        });
      }
      return tried(trigger, event, parts.clock.nowMs());
    },
    start() {
      for (const runner of runners.values()) runner.start();
    },
    async close() {
      await Promise.all([...runners.values()].map((runner) => runner.close()));
    },
  };
}

function tried(
  { name, rule }: Watch | QueueTrigger,
  event: Json,
  nowMs: number,
): AnswerOf<(typeof calls)['test']> {
  const nothing = { accepted: false, key: null, input: null, problem: null };
  const received = {
    source: name,
    deliveryId: 'test',
    event: null,
    receivedAtMs: nowMs,
    headers: {},
  };
  try {
    const action = rule.actionOf(event, received);
    if (action.do === 'nothing') return nothing;
    return { accepted: true, key: action.key, input: action.input as Json, problem: null };
  } catch (error) {
    return { ...nothing, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Watched directories and queues of a service. */
import type { z } from 'zod';
import type { AnswerOf } from '../../api/route.ts';
import type { triggers as calls, Trigger as TriggerShape } from '../../api/triggers.ts';
import { SignalboxError } from '../../errors.ts';
import type { Json } from '../../plan/json.ts';
import type { QueueTrigger } from '../../triggers/queue.ts';
import type { Trigger } from '../../triggers/trigger.ts';
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
  /**
   * Those of other triggers instead of those there are. What is being taken in is taken in before; a trigger that stays the same goes on undisturbed.
   */
  prepare(triggers: readonly Trigger[]): () => Promise<void>;
  start(): void;
  close(): Promise<void>;
}

type Feed = Watch | QueueTrigger;

const maxIdLength = 200;

export function createFeeds(
  parts: ServiceParts,
  { inbox, listens = true }: { readonly inbox: Pick<Inbox, 'accept'>; readonly listens?: boolean },
): Feeds {
  let triggers = feedsOf(parts.triggers ?? []);
  let isClosed = false;
  const accept: Accept = async (source, id, payload) => {
    const deliveryId = id.length > maxIdLength ? `sha256:${sha256(id)}` : id;
    const delivery = { deliveryId, event: null, payload, headers: {} };
    return (await inbox.accept(source, delivery, null)) !== null;
  };
  const { ids } = parts;
  const random = () => ids.random();
  const runnerOf = (trigger: Feed): FeedRunner =>
    trigger.trigger === 'watch'
      ? createWatchRunner(trigger, { ...parts, accept, listens })
      : createQueueRunner(trigger, { ...parts, accept, random });
  const runners = new Map<Feed, FeedRunner>(triggers.map((one) => [one, runnerOf(one)]));

  async function replace(fresh: readonly Feed[]): Promise<void> {
    const gone = [...runners].filter(([trigger]) => !fresh.includes(trigger));
    await Promise.all(gone.map(([, runner]) => runner.close()));
    for (const [trigger] of gone) runners.delete(trigger);
    triggers = fresh;
    if (isClosed) return;
    for (const trigger of fresh) {
      if (runners.has(trigger)) continue;
      const runner = runnerOf(trigger);
      runners.set(trigger, runner);
      runner.start();
    }
  }

  return {
    list: () =>
      triggers.map((trigger) => {
        const { name, description, rule } = trigger;
        const runner = runners.get(trigger);
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
    prepare(others) {
      const fresh = feedsOf(others);
      return () => replace(fresh);
    },
    start() {
      for (const runner of runners.values()) runner.start();
    },
    async close() {
      isClosed = true;
      await Promise.all([...runners.values()].map((runner) => runner.close()));
    },
  };
}

function feedsOf(triggers: readonly Trigger[]): readonly Feed[] {
  return triggers.filter((one): one is Feed => one.trigger === 'watch' || one.trigger === 'queue');
}

function tried({ name, rule }: Feed, event: Json, nowMs: number): AnswerOf<(typeof calls)['test']> {
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

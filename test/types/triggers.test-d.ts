import { describe, it } from 'vitest';
import { z } from 'zod';
import {
  defineBucketTrigger,
  defineEvent,
  defineQueueTrigger,
  defineSchedule,
  defineWatch,
  defineWebhook,
  defineWorkflow,
  type MessageQueue,
  onWebhook,
} from '../../src/index.ts';

const sync = defineWorkflow({
  name: 'sync',
  version: 1,
  input: z.object({ day: z.string() }),
  steps: (w) => w.input,
});
const due = defineEvent({ name: 'sync.due', payload: z.object({ day: z.string() }) });
declare const queue: MessageQueue;

describe('triggers', () => {
  it('map to the input of their workflow, or the payload of their event', () => {
    defineSchedule({ name: 'a', cron: '@daily', workflow: sync, input: { day: 'x' } });
    defineSchedule({
      name: 'a',
      cron: '@daily',
      event: due,
      input: ({ local }) => ({ day: local }),
    });
    // @ts-expect-error: the workflow wants a day
    defineSchedule({ name: 'a', cron: '@daily', workflow: sync, input: { date: 'x' } });
    // @ts-expect-error: a day is a text
    defineSchedule({ name: 'a', cron: '@daily', event: due, input: ({ atMs }) => ({ day: atMs }) });

    defineWatch({
      name: 'b',
      directory: '.',
      workflow: sync,
      input: ({ name }) => ({ day: name }),
    });
    defineWatch({
      name: 'b',
      directory: '.',
      workflow: sync,
      // @ts-expect-error: a size is a number
      input: ({ sizeBytes }) => ({ day: sizeBytes }),
    });

    const payload = z.object({ date: z.string() });
    defineQueueTrigger({
      name: 'c',
      queue,
      payload,
      workflow: sync,
      input: ({ date }) => ({ day: date }),
    });
    defineQueueTrigger({
      name: 'c',
      queue,
      payload,
      workflow: sync,
      // @ts-expect-error: messages have no day
      input: ({ day }) => ({ day }),
    });

    const secrets = { env: ['TOKEN'] };
    defineBucketTrigger({ name: 'd', secrets, workflow: sync, input: ({ key }) => ({ day: key }) });
    defineBucketTrigger({
      name: 'd',
      secrets,
      workflow: sync,
      // @ts-expect-error: objects have a key, and no path
      input: ({ path }) => ({ day: path }),
    });
  });

  it('take a secret or topics, as the sender has it', () => {
    const [secrets, topics] = [{ env: ['TOKEN'] }, { env: ['TOPIC'] }];
    const delivered = z.object({ date: z.string() });
    const events = {
      '*': onWebhook({ payload: delivered, workflow: sync, input: ({ date }) => ({ day: date }) }),
    };
    defineWebhook({ name: 'a', preset: 'github', secrets, events });
    defineWebhook({ name: 'a', preset: 'sns', topics, events });
    // @ts-expect-error: Amazon signs with a key of its own
    defineWebhook({ name: 'a', preset: 'sns', secrets, events });
    // @ts-expect-error: GitHub has no topics
    defineWebhook({ name: 'a', preset: 'github', topics, events });
    const input = ({ key }: { readonly key: string }) => ({ day: key });
    defineBucketTrigger({ name: 'b', topics, workflow: sync, input });
    // @ts-expect-error: nobody else may send
    defineBucketTrigger({ name: 'b', workflow: sync, input });
  });
});

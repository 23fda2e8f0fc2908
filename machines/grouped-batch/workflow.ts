import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import {
  DataRequest,
  handleRequest,
  NotificationRequest,
  OtherRequest,
  processData,
  sendBatch,
} from './tasks.ts';

export const groupedBatch = defineWorkflow({
  name: 'grouped-batch',
  version: 1,
  description:
    'Groups requests by type: data is processed side by side, notifications go out in one mailing, everything else one by one.',
  input: z.object({
    requests: z
      .array(z.union([DataRequest, NotificationRequest, OtherRequest]))
      .max(500)
      .refine((requests) => new Set(requests.map(({ id }) => id)).size === requests.length, {
        error: 'must have an id of its own each',
      }),
  }),
  steps(w) {
    const { requests } = w.input.$;
    const groups = w.derive('groups', requests, (all) => ({
      data: all.flatMap((request) => DataRequest.safeParse(request).data ?? []),
      notifications: all.flatMap((request) => NotificationRequest.safeParse(request).data ?? []),
      others: all.flatMap((request) => OtherRequest.safeParse(request).data ?? []),
    }));
    const { data, notifications, others } = groups.$;

    const processed = w.map('data_processing', data, { concurrency: 20 }, (request) =>
      w.task('process_data', processData, { input: request }),
    );
    const mailing = w.task('notification', sendBatch, {
      input: notifications,
      when: w.is(notifications, 'there are notifications', (group) => group.length > 0, {
        otherwise: 'There is nothing to notify of.',
      }),
    });
    const handled = w.map('others', others, { concurrency: 5 }, (request) =>
      w.task('handle_request', handleRequest, { input: request }),
    );

    // In the order of the requests, whatever their groups.
    return w.derive('results', { requests, groups, processed, mailing, handled }, (all) => {
      const resultOf = new Map<string, unknown>();
      for (const [index, { id }] of all.groups.data.entries())
        resultOf.set(id, all.processed[index]);
      for (const { id } of all.groups.notifications) resultOf.set(id, all.mailing);
      for (const [index, { id }] of all.groups.others.entries())
        resultOf.set(id, all.handled[index]);
      return all.requests.map(({ id, type }) => ({ id, type, result: resultOf.get(id) ?? null }));
    });
  },
});

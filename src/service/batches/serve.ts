import { api } from '../../api/api.ts';
import { SignalboxError } from '../../errors.ts';
import type { Bind } from '../bind.ts';
import type { Batches } from './batches.ts';
import type { Item } from './records.ts';

const pageSize = 1_000;

export function serveBatches(bind: Bind, batches: Batches): void {
  const { batches: calls } = api;
  bind(calls.preview, ({ body: { action, runs } }, { caller }) =>
    batches.preview(action, runs, caller),
  );
  bind(calls.start, ({ body: { action, runs, reason } }, { caller }) =>
    batches.start(action, runs, reason, caller),
  );
  bind(calls.list, async ({ query: { limit, cursor } }) => {
    const page = await batches.list(limit, cursor);
    const last = page.length < limit ? undefined : page.at(-1);
    return { batches: page, cursor: last?.batchId ?? null };
  });
  bind(calls.get, ({ params }) => batches.get(params.batchId));
  bind(calls.items, async ({ params, query: { outcome, limit, cursor } }) => {
    const items: Item[] = [];
    let at = positionOf(cursor);
    for (;;) {
      const page = await batches.items(params.batchId, at, pageSize);
      for (const item of page) {
        at += 1;
        if (outcome === undefined || item.outcome === outcome) items.push(item);
        if (items.length === limit) return { items, cursor: String(at) };
      }
      if (page.length < pageSize) return { items, cursor: null };
    }
  });
  bind(calls.pause, ({ params }, { caller }) => batches.change(params.batchId, 'paused', caller));
  bind(calls.resume, ({ params }, { caller }) => batches.change(params.batchId, 'running', caller));
  bind(calls.stop, ({ params }, { caller }) => batches.change(params.batchId, 'stopped', caller));
}

function positionOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (/^\d{1,8}$/.test(cursor)) return Number(cursor);
  throw new SignalboxError('INPUT_INVALID', 'The cursor is none that an earlier page gave');
}

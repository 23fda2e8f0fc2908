/** Saved views of the list of runs, as records of the store. */
import { z } from 'zod';
import { api } from '../../api/api.ts';
import { SignalboxError } from '../../errors.ts';
import type { StoredRecord } from '../../ports/store.ts';
import type { Bind } from '../bind.ts';
import type { Caller } from '../caller.ts';
import type { ServiceParts } from '../parts.ts';

const collection = 'views';
const most = 500;

const Stored = z.object({
  name: z.string(),
  search: z.string(),
  shared: z.boolean(),
  savedBy: z.string(),
  savedAt: z.string(),
});

export function serveViews(bind: Bind, { store, clock, ids }: ServiceParts): void {
  const all = () => store.records(collection, { limit: most });

  bind(api.views.list, async (_request, { caller }) => {
    const views = (await all()).map((record) => toView(record, caller));
    return {
      views: views
        .filter(({ shared, savedBy }) => shared || savedBy === caller.name)
        .sort((left, right) => left.name.localeCompare(right.name, 'en')),
    };
  });
  bind(api.views.create, async ({ body }, { caller }) => {
    if ((await all()).length >= most)
      throw new SignalboxError('VIEWS_FULL', `There are ${most} saved views already`, {
        hint: 'Remove one nobody uses',
      });
    const viewId = ids.token();
    const value = {
      ...body,
      savedBy: caller.name,
      savedAt: new Date(clock.nowMs()).toISOString(),
    };
    await store.saveRecords([{ collection, key: viewId, expectedRevision: 0, value }]);
    return toView({ collection, key: viewId, revision: 1, value }, caller);
  });
  bind(api.views.remove, async ({ params: { viewId } }, { caller }) => {
    const record = await store.record(collection, viewId);
    const view = record === null ? null : toView(record, caller);
    if (record === null || view === null || !(view.mine || view.shared))
      throw new SignalboxError('VIEW_UNKNOWN', `There is no saved view "${viewId}"`);
    if (!view.mine)
      throw new SignalboxError('FORBIDDEN', `View "${view.name}" was saved by ${view.savedBy}`, {
        hint: 'Ask them, or an admin',
      });
    await store.saveRecords([
      { collection, key: viewId, expectedRevision: record.revision, value: null },
    ]);
  });
}

function toView({ key, value }: StoredRecord, caller: Caller) {
  const view = Stored.parse(value);
  const mine = view.savedBy === caller.name || caller.role === 'admin';
  return { viewId: key, ...view, mine };
}

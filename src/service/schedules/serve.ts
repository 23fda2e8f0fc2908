import { api } from '../../api/api.ts';
import type { Bind } from '../bind.ts';
import type { Schedules } from './schedules.ts';

export function serveSchedules(bind: Bind, schedules: Schedules): void {
  const calls = api.schedules;
  bind(calls.list, async () => ({ schedules: await schedules.list() }));
  bind(calls.get, ({ params }) => schedules.get(params.name));
  bind(calls.fires, ({ params, query }) => schedules.fires(params.name, query));
  bind(calls.preview, ({ body }) => schedules.preview(body));
  bind(calls.create, ({ body }, { caller }) => schedules.create(body, caller.name));
  bind(calls.remove, async ({ params }) => {
    await schedules.remove(params.name);
    return undefined;
  });
  bind(calls.pause, ({ params, body }, { caller }) =>
    schedules.pause(params.name, body.reason, caller.name),
  );
  bind(calls.resume, ({ params }, { caller }) => schedules.resume(params.name, caller.name));
  bind(calls.run, ({ params }, { caller }) => schedules.run(params.name, caller.name));
  bind(calls.backfill, ({ params, body }, { caller }) =>
    schedules.backfill(params.name, body, caller.name),
  );
}

import { api } from '../../api/api.ts';
import type { Audit } from '../audit/audit.ts';
import type { Bind } from '../bind.ts';
import type { Schedules } from './schedules.ts';

export function serveSchedules(
  bind: Bind,
  { schedules, audit }: { readonly schedules: Schedules; readonly audit: Audit },
): void {
  const calls = api.schedules;
  bind(calls.list, async () => ({ schedules: await schedules.list() }));
  bind(calls.get, ({ params }) => schedules.get(params.name));
  bind(calls.fires, ({ params, query }) => schedules.fires(params.name, query));
  bind(calls.preview, ({ body }) => schedules.preview(body));
  bind(calls.create, async ({ body }, { caller }) => {
    const created = await schedules.create(body, caller.name);
    const { name, cron, timeZone, workflow } = body;
    await audit.record(caller, 'schedule.created', `schedule/${name}`, {
      cron,
      timeZone,
      workflow,
    });
    return created;
  });
  bind(calls.remove, async ({ params: { name } }, { caller }) => {
    await schedules.remove(name);
    await audit.record(caller, 'schedule.removed', `schedule/${name}`);
    return undefined;
  });
  bind(calls.pause, async ({ params: { name }, body: { reason } }, { caller }) => {
    const paused = await schedules.pause(name, reason, caller.name);
    await audit.record(caller, 'schedule.paused', `schedule/${name}`, { reason });
    return paused;
  });
  bind(calls.resume, async ({ params: { name } }, { caller }) => {
    const resumed = await schedules.resume(name, caller.name);
    await audit.record(caller, 'schedule.resumed', `schedule/${name}`);
    return resumed;
  });
  bind(calls.run, async ({ params: { name }, body: { reason = null } }, { caller }) => {
    const fire = await schedules.run(name, caller.name);
    const { runId, outcome } = fire;
    await audit.record(caller, 'schedule.run', `schedule/${name}`, { runId, outcome, reason });
    return fire;
  });
  bind(calls.backfill, async ({ params: { name }, body }, { caller }) => {
    const filled = await schedules.backfill(name, body, caller.name);
    if (!body.dryRun) {
      const { from, to } = body;
      const started = filled.slots.filter(({ outcome }) => outcome === 'started').length;
      await audit.record(caller, 'schedule.backfilled', `schedule/${name}`, { from, to, started });
    }
    return filled;
  });
}

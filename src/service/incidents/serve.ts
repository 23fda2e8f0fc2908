import { api } from '../../api/api.ts';
import type { Incident } from '../../api/incidents.ts';
import { SignalboxError } from '../../errors.ts';
import type { Batches } from '../batches/batches.ts';
import type { Bind } from '../bind.ts';
import type { Surveyor } from '../health/surveyor.ts';
import { type Case, type Group, type Incidents, isHandled } from './incidents.ts';

const shownRuns = 5;
const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

export function serveIncidents(
  bind: Bind,
  {
    incidents,
    batches,
    surveyor,
  }: { readonly incidents: Incidents; readonly batches: Batches; readonly surveyor: Surveyor },
): void {
  const { incidents: calls } = api;

  bind(calls.list, async ({ query: { workflow, kind, state } }, { caller }) => {
    const { groups, examined, isPartial } = await incidents.list(caller);
    const found = groups.map(toIncident).filter((incident) => {
      if (workflow !== undefined && incident.workflow !== workflow) return false;
      if (kind !== undefined && incident.kind !== kind) return false;
      return state === 'all' || (state === 'open') === incident.count > 0;
    });
    const lookedThroughAt = iso(surveyor.last?.atMs ?? null);
    return { incidents: found, examined, isPartial, lookedThroughAt };
  });

  bind(calls.runs, async ({ params, query: { limit } }, { caller }) => {
    // whoever has it on the screen while its last run goes on learns that there are none left
    const group = await incidents.find(params.incidentId, caller);
    if (group === null) return { runs: [], total: 0 };
    const runs = group.cases.slice(0, limit).map((one) => ({
      runId: one.runId,
      workflow: one.workflow,
      at: iso(one.atMs),
      message: one.message,
      isHandled: isHandled(one, group.handled),
    }));
    return { runs, total: group.cases.length };
  });

  bind(calls.retry, async ({ params, body: { acceptNotUndone, reason } }, { caller }) => {
    const group = await incidents.get(params.incidentId, caller);
    const open = openCases(group).filter(({ kind }) => kind === 'failed');
    if (open.length === 0) {
      throw new SignalboxError(
        'INPUT_INVALID',
        `Incident "${params.incidentId}" has no failed run that nobody has dealt with`,
        { details: params },
      );
    }
    return batches.start(
      { kind: 'retry', acceptNotUndone },
      { runIds: open.map(({ runId }) => runId) },
      reason,
      caller,
    );
  });

  bind(calls.handle, ({ params, body }, { caller }) =>
    incidents.handle(params.incidentId, body.reason, caller),
  );
  bind(calls.reopen, ({ params }, { caller }) => incidents.reopen(params.incidentId, caller));
}

function openCases({ cases, handled }: Group): readonly Case[] {
  return cases.filter((one) => !isHandled(one, handled));
}

function toIncident(group: Group): Incident {
  const { incidentId, cases, handled } = group;
  const [latest] = cases;
  const open = openCases(group);
  return {
    incidentId,
    kind: latest.kind,
    workflow: latest.workflow,
    step: latest.step,
    name: latest.name,
    code: latest.code,
    message: latest.message,
    count: open.length,
    firstAt: iso(cases.at(-1)?.atMs ?? null),
    lastAt: iso(latest.atMs),
    runIds: cases.slice(0, shownRuns).map(({ runId }) => runId),
    handled:
      handled === null
        ? null
        : {
            by: handled.by,
            at: new Date(handled.atMs).toISOString(),
            reason: handled.reason,
            count: cases.length - open.length,
          },
  };
}

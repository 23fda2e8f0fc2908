/** Incidents: failed, stuck and damaged runs, grouped by what caused them, until somebody has dealt with them. */
import { z } from 'zod';
import type { RunView } from '../../engine/views.ts';
import { SignalboxError } from '../../errors.ts';
import type { Caller } from '../caller.ts';
import type { Surveyor } from '../health/surveyor.ts';
import type { ServiceParts } from '../parts.ts';
import { type Cause, fingerprintOf } from './fingerprint.ts';

/** One run that went wrong. */
export interface Case extends Cause {
  readonly incidentId: string;
  readonly runId: string;
  /** When it went wrong; `null`: nobody knows. */
  readonly atMs: number | null;
}

export interface Handled {
  readonly by: string;
  readonly atMs: number;
  readonly reason: string;
}

export interface Group {
  readonly incidentId: string;
  /** The latest first; never empty. */
  readonly cases: readonly [Case, ...Case[]];
  readonly handled: Handled | null;
}

export interface Groups {
  readonly groups: readonly Group[];
  readonly examined: number;
  readonly isPartial: boolean;
}

export interface Incidents {
  /** The latest first. */
  list(caller: Caller): Promise<Groups>;
  /** `null`: none of its runs is wrong any more. */
  find(incidentId: string, caller: Caller): Promise<Group | null>;
  /** @throws SignalboxError `INCIDENT_UNKNOWN` */
  get(incidentId: string, caller: Caller): Promise<Group>;
  /** @throws SignalboxError `INCIDENT_UNKNOWN` */
  handle(incidentId: string, reason: string, caller: Caller): Promise<void>;
  reopen(incidentId: string, caller: Caller): Promise<void>;
}

/** Failed runs that are examined, the newest. */
const maxFailed = 10_000;
const pageSize = 1_000;
/** What was read is used again for so long: several lists of one page, and the page after an action, ask for it. */
const freshMs = 1_000;

const collection = 'handled-incidents';
const StoredMark = z.object({ by: z.string(), atMs: z.number(), reason: z.string() });

/** Dealt with: what went wrong before somebody said so. */
export function isHandled({ atMs }: Case, handled: Handled | null): boolean {
  return handled !== null && (atMs === null || atMs <= handled.atMs);
}

export function createIncidents(
  parts: Pick<ServiceParts, 'orchestrator' | 'store' | 'clock' | 'audit'> & {
    readonly surveyor: Surveyor;
  },
): Incidents {
  const { orchestrator, store, clock, audit, surveyor } = parts;
  let read: { readonly atMs: number; readonly failed: Promise<Failed> } | null = null;

  function failed(): Promise<Failed> {
    const nowMs = clock.monotonicMs();
    if (read === null || nowMs - read.atMs >= freshMs) {
      read = { atMs: nowMs, failed: readFailed(orchestrator) };
      read.failed.catch(() => (read = null));
    }
    return read.failed;
  }

  async function marks(): Promise<ReadonlyMap<string, Handled>> {
    const found = new Map<string, Handled>();
    let after: string | undefined;
    for (;;) {
      const page = await store.records(collection, {
        limit: pageSize,
        ...(after === undefined ? {} : { after }),
      });
      for (const { key, value } of page) found.set(key, StoredMark.parse(value));
      after = page.at(-1)?.key;
      if (page.length < pageSize) return found;
    }
  }

  async function list({ workflows }: Caller): Promise<Groups> {
    const [{ cases, examined, isPartial }, damaged, handled] = await Promise.all([
      failed(),
      orchestrator.damaged(),
      marks(),
    ]);
    const all = [
      ...cases,
      ...(surveyor.last?.stuck ?? []).map(toStuckCase),
      ...damaged.map(toDamagedCase),
    ].filter(
      ({ workflow }) =>
        workflows === undefined || (workflow !== null && workflows.includes(workflow)),
    );
    const groups = [...Map.groupBy(all, ({ incidentId }) => incidentId)].flatMap(
      ([incidentId, members]) => {
        const [latest, ...others] = members.sort((a, b) => (b.atMs ?? 0) - (a.atMs ?? 0));
        if (latest === undefined) return [];
        const mark = handled.get(incidentId) ?? null;
        return [{ incidentId, cases: [latest, ...others] as const, handled: mark }];
      },
    );
    groups.sort((a, b) => (b.cases[0].atMs ?? 0) - (a.cases[0].atMs ?? 0));
    return { groups, examined, isPartial };
  }

  async function find(incidentId: string, caller: Caller): Promise<Group | null> {
    const { groups } = await list(caller);
    return groups.find((each) => each.incidentId === incidentId) ?? null;
  }

  async function get(incidentId: string, caller: Caller): Promise<Group> {
    const group = await find(incidentId, caller);
    if (group !== null) return group;
    throw new SignalboxError('INCIDENT_UNKNOWN', `There is no incident "${incidentId}" any more`, {
      details: { incidentId },
    });
  }

  async function mark(incidentId: string, handled: Handled | null): Promise<void> {
    for (;;) {
      const record = await store.record(collection, incidentId);
      if (record === null && handled === null) return;
      const isSaved = await store.saveRecords([
        {
          collection,
          key: incidentId,
          expectedRevision: record?.revision ?? 0,
          value: handled === null ? null : { ...handled },
        },
      ]);
      if (isSaved) return;
    }
  }

  return {
    list,
    find,
    get,
    async handle(incidentId, reason, caller) {
      const { cases } = await get(incidentId, caller);
      await mark(incidentId, { by: caller.name, atMs: clock.nowMs(), reason });
      await audit.record(caller, 'incident.handled', `incident/${incidentId}`, {
        reason,
        runs: cases.length,
      });
    },
    async reopen(incidentId, caller) {
      await mark(incidentId, null);
      await audit.record(caller, 'incident.reopened', `incident/${incidentId}`);
    },
  };
}

interface Failed {
  readonly cases: readonly Case[];
  readonly examined: number;
  readonly isPartial: boolean;
}

async function readFailed(orchestrator: ServiceParts['orchestrator']): Promise<Failed> {
  const cases: Case[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof orchestrator.list>> = await orchestrator.list({
      status: ['failed'],
      limit: pageSize,
      ...(cursor === null ? {} : { cursor }),
    });
    cases.push(...page.runs.map(toFailedCase));
    cursor = page.cursor;
  } while (cursor !== null && cases.length < maxFailed);
  return { cases, examined: cases.length, isPartial: cursor !== null };
}

function toFailedCase({ runId, workflow, outcome, finishedAt }: RunView): Case {
  const failure = outcome?.failure ?? null;
  return toCase(runId, finishedAt === null ? null : Date.parse(finishedAt), {
    kind: 'failed',
    workflow,
    step: failure?.step ?? null,
    name: failure?.name ?? 'Failed',
    code: failure?.code ?? null,
    message: failure?.message ?? 'failed without a word',
  });
}

type StuckRun = NonNullable<Surveyor['last']>['stuck'][number];

function toStuckCase({ runId, workflow, step, why, message, sinceMs }: StuckRun): Case {
  return toCase(runId, sinceMs, { kind: 'stuck', workflow, step, name: why, code: null, message });
}

function toDamagedCase({ runId, reason }: { readonly runId: string; readonly reason: string }) {
  return toCase(runId, null, {
    kind: 'damaged',
    workflow: null,
    step: null,
    name: 'Damaged',
    code: null,
    message: reason,
  });
}

function toCase(runId: string, atMs: number | null, cause: Cause): Case {
  return { ...cause, incidentId: fingerprintOf(cause), runId, atMs };
}

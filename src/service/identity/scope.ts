/** Tokens that are limited to workflows: which workflows a call is about, and whether the caller may touch them. */

import type { Route } from '../../api/route.ts';
import { notFound } from '../../engine/run-table.ts';
import { SignalboxError } from '../../errors.ts';
import type { Store } from '../../ports/store.ts';
import type { Caller } from '../caller.ts';

/** What is about runs and workflows, or can be said of one; whatever else there is belongs to the service. */
const scopedPath = /^\/(?:runs|run-counts|events|reviews|workflows|pauses)(?:\/|$)/;
/** Under these names calls give runs. */
const runKeys = ['runId', 'runIds', 'otherId'] as const;

export type ScopedRoute = Pick<Route, 'path' | 'params' | 'query' | 'body'>;

export interface GivenRequest {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
}

/**
 * A call that does not say by `workflow`, `runId` or `runIds` what it is about is none of a limited caller's. A run of another workflow is refused as one that
 * does not exist.
 *
 * @throws SignalboxError `FORBIDDEN`, `RUN_NOT_FOUND`
 */
export async function checkScope(
  { name, workflows }: Caller,
  route: ScopedRoute,
  given: GivenRequest,
  store: Pick<Store, 'load'>,
): Promise<void> {
  if (workflows === undefined) return;
  const { path } = route;
  // what the call does not ask for says nothing about it
  const asked = (['params', 'query', 'body'] as const).filter((part) => route[part] !== undefined);
  const parts = asked.map((part) => toObject(given[part]));
  const named = parts.flatMap(({ workflow }) => texts(workflow));
  const runIds = parts.flatMap((part) => runKeys.flatMap((key) => texts(part[key])));
  const isElsewhere = named.some((workflow) => !workflows.includes(workflow));
  if (!scopedPath.test(path) || isElsewhere || named.length + runIds.length === 0) {
    throw new SignalboxError(
      'FORBIDDEN',
      `"${name}" may call for these workflows only: ${workflows.join(', ')}`,
      { details: { name, workflows }, hint: 'Name one of them in the call (workflow)' },
    );
  }
  for (const runId of runIds) {
    const run = await store.load(runId);
    if (run !== null && workflows.includes(run.header.workflow)) continue;
    throw notFound(runId);
  }
}

function toObject(part: unknown): Readonly<Record<string, unknown>> {
  return typeof part === 'object' && part !== null ? { ...part } : {};
}

function texts(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((one) => typeof one === 'string');
}

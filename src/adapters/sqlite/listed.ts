/** What lists of runs are chosen by, in columns of the states: narrow enough for an index to hold all of it. The stored run has the last word. */
import type { SQLInputValue } from 'node:sqlite';
import type { RunStatus } from '../../plan/plan.ts';
import type { RunFilter, RunHeader, RunState } from '../../ports/store.ts';
import { isFinal, searchText } from '../shared/run-query.ts';

/** Longer ones are left to the stored run. */
const maxPathsLength = 1_000;

/** Text that is looked through: first everything in lower case, then labels as they are, between signs that nobody types. */
export function searchColumn(
  header: Pick<RunHeader, 'id' | 'key' | 'workflow' | 'labels'>,
): string {
  const labels = Object.entries(header.labels).map(([name, value]) => labelToken(name, value));
  return `${searchText(header)}${labels.join('')}`;
}

function labelToken(name: string, value: string): string {
  return `\u0001${name}\u0002${value}\u0001`;
}

/** Kinds of waits, the earliest of their times, and paths of states; `null` if the stored run must be asked. */
export function standingColumns({
  standing,
}: RunState): readonly [string | null, number | null, string | null] {
  if (standing === undefined) return [null, null, null];
  const paths = `\n${standing.states.join('\n')}\n`;
  const times = Object.values(standing.waits);
  return [
    ` ${Object.keys(standing.waits).join(' ')} `,
    times.length === 0 ? null : Math.min(...times),
    paths.length > maxPathsLength || standing.states.length >= 100 ? null : paths,
  ];
}

export interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** What rows of `states s` must fulfil at least, but for status and time of creation. */
export function conditionsOf(filter: RunFilter): readonly Condition[] {
  const {
    workflow,
    version,
    labels = {},
    text,
    hasReview,
    waitsFor,
    waitsBeforeMs,
    state,
  } = filter;
  const inSearch = (part: string) => ({ sql: 'instr(s.search, ?) > 0', values: [part] });
  return [
    ...(workflow === undefined ? [] : [{ sql: 's.workflow = ?', values: [workflow] }]),
    ...(version === undefined ? [] : [{ sql: 's.version = ?', values: [version] }]),
    ...Object.entries(labels).map(([name, value]) => inSearch(labelToken(name, value))),
    ...(text === undefined ? [] : [inSearch(text.toLowerCase())]),
    ...(hasReview === true ? [{ sql: 's.has_review = 1', values: [] }] : []),
    ...(waitsFor === undefined ? [] : [eitherKind(waitsFor)]),
    ...(waitsBeforeMs === undefined ? [] : [{ sql: 's.waits_since < ?', values: [waitsBeforeMs] }]),
    ...(state === undefined ? [] : [inState(state)]),
  ];
}

function eitherKind(kinds: readonly string[]): Condition {
  return {
    sql: `(${kinds.map(() => 'instr(s.waits, ?) > 0').join(' OR ') || '0'})`,
    values: kinds.map((kind) => ` ${kind} `),
  };
}

function inState(path: string): Condition {
  if (!isOfStanding({ state: path })) return { sql: 's.status = ?', values: [path] };
  return {
    sql: '(s.status = ? OR s.paths IS NULL OR instr(s.paths, ?) > 0 OR instr(s.paths, ?) > 0)',
    values: [path, `\n${path}\n`, `\n${path}.`],
  };
}

/** Whether only runs that have not ended can be meant: they have an index of their own. */
export function isOfStanding({ waitsFor, waitsBeforeMs, state }: RunFilter): boolean {
  const isInside = state !== undefined && !isFinal(state.split('.')[0] as RunStatus);
  return waitsFor !== undefined || waitsBeforeMs !== undefined || isInside;
}

/** Whether the columns alone decide, so that rows can be counted without being read. */
export function areColumnsEnough({ parent, waitsFor, waitsBeforeMs, state }: RunFilter): boolean {
  const isEitherWait = waitsFor === undefined || waitsBeforeMs === undefined;
  return parent === undefined && isEitherWait && state === undefined;
}

/** Between rows and the values of the port. Columns that repeat what the JSON says must agree with it. */

import type { SQLOutputValue } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { Lease, MapItem, StoredRun } from '../../ports/store.ts';
import type { Row } from './connection.ts';

export function text(value: SQLOutputValue | undefined): string {
  if (typeof value !== 'string')
    throw new TypeError(`Column holds ${value === null ? 'NULL' : typeof value}; expected text`);
  return value;
}

export function integer(value: SQLOutputValue | undefined): number {
  if (typeof value !== 'number')
    throw new TypeError(
      `Column holds ${value === null ? 'NULL' : typeof value}; expected a number`,
    );
  return value;
}

export function textOrNull(value: SQLOutputValue | undefined): string | null {
  return value === null ? null : text(value);
}

export function checksum(content: string): number {
  return crc32(content);
}

/** Columns that {@link toStoredRun} reads. */
export const runColumns = `r.n, r.id, r.header, r.crc AS header_crc,
  s.revision, s.epoch, s.lease_owner, s.lease_expires_at, s.status, s.finished_at, s.active, s.state, s.crc AS state_crc`;

/** A row that is not what the store wrote. */
export interface DamagedRow {
  readonly damage: string;
}

/** Returns the reason instead if checksums or columns disagree with the content. */
export function toStoredRun(row: Row): StoredRun | DamagedRow {
  const header = text(row['header']);
  const content = text(row['state']);
  if (checksum(header) !== row['header_crc'])
    return { damage: 'the header does not match its checksum' };
  if (checksum(content) !== row['state_crc'])
    return { damage: 'the state does not match its checksum' };
  const run: StoredRun = {
    header: JSON.parse(header),
    state: { ...JSON.parse(content), lease: toLease(row) },
  };
  const { state } = run;
  const columns: readonly (readonly [name: string, value: string | number | null])[] = [
    ['revision', state.revision],
    ['epoch', state.epoch],
    ['status', state.status],
    ['finished_at', state.finishedAtMs],
    ['active', state.active ? 1 : 0],
  ];
  for (const [name, value] of columns) {
    if (row[name] !== value)
      return {
        damage: `column "${name}" says ${String(row[name])} where the state says ${String(value)}`,
      };
  }
  if (run.header.id !== row['id'])
    return { damage: `the header belongs to run "${run.header.id}"` };
  return run;
}

function toLease(row: Row): Lease | null {
  const owner = textOrNull(row['lease_owner']);
  return owner === null ? null : { owner, expiresAtMs: integer(row['lease_expires_at']) };
}

export function toMapItem(row: Row, runId: string): MapItem {
  const status = text(row['status']);
  if (status !== 'waiting' && status !== 'running' && status !== 'complete' && status !== 'failed')
    throw new TypeError(`Item has status "${status}"`);
  return {
    runId,
    generation: integer(row['generation']),
    step: text(row['step']),
    index: integer(row['position']),
    status,
    state: JSON.parse(text(row['state'])),
  };
}

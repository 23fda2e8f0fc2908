import type { z } from 'zod';
import { api } from '../../api/api.ts';
import type { AuditEntry as EntryView } from '../../api/audit.ts';
import type { ParsedOf } from '../../api/route.ts';
import { SignalboxError } from '../../errors.ts';
import type { Bind } from '../bind.ts';
import type { Audit } from './audit.ts';
import type { AuditEntry } from './chain.ts';

type Query = ParsedOf<typeof api.audit.list>['query'];

/** Read at a time, and at most for one page: the next one goes on from there. */
const batchSize = 1_000;
const maxRead = 20_000;

export function serveAudit(bind: Bind, { audit }: { readonly audit: Audit }): void {
  bind(api.audit.list, ({ query }) => find(audit, query));
  bind(api.audit.verify, () => audit.verify());
}

async function find(
  audit: Audit,
  query: Query,
): Promise<{ entries: z.input<typeof EntryView>[]; cursor: string | null }> {
  const { order, limit, cursor } = query;
  const matches = matcherOf(query);
  const found: AuditEntry[] = [];
  let at = cursor === undefined ? null : seqOf(cursor);
  for (let read = 0; read < maxRead; read += batchSize) {
    const bound = at === null ? {} : order === 'ascending' ? { after: at } : { before: at };
    const page = await audit.read({ ...bound, order, limit: batchSize });
    for (const entry of page) {
      at = entry.seq;
      if (!matches(entry)) continue;
      found.push(entry);
      if (found.length === limit) return { entries: found.map(toView), cursor: String(at) };
    }
    if (page.length < batchSize) return { entries: found.map(toView), cursor: null };
  }
  return { entries: found.map(toView), cursor: at === null ? null : String(at) };
}

function matcherOf({ actor, action, subject, outcome, after, before }: Query) {
  const [afterMs, beforeMs] = [after, before].map((time) =>
    time === undefined ? null : Date.parse(time),
  );
  const begins = (value: string, wanted: string | undefined, separator: string) =>
    wanted === undefined ||
    value === wanted ||
    (wanted.endsWith(separator) && value.startsWith(wanted));
  return (entry: AuditEntry) =>
    (actor === undefined || entry.actor === actor) &&
    begins(entry.action, action, '.') &&
    begins(entry.subject, subject, '/') &&
    (outcome === undefined || entry.outcome === outcome) &&
    (afterMs == null || entry.atMs > afterMs) &&
    (beforeMs == null || entry.atMs < beforeMs);
}

function toView({ atMs, ...entry }: AuditEntry): z.input<typeof EntryView> {
  return { ...entry, at: new Date(atMs).toISOString() };
}

function seqOf(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new SignalboxError('INPUT_INVALID', 'The cursor is none that an earlier page gave');
}

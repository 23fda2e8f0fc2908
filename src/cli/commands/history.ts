import type { Command } from 'commander';
import type { HistoryEntry } from '../../ports/store.ts';
import { parseCount, runArgument } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { findRun } from '../find-run.ts';
import { localTime, span } from '../format.ts';
import type { Session } from '../session.ts';
import { table } from '../table.ts';

interface HistoryOptions {
  readonly after: number;
  readonly limit?: number;
}

export function addHistory(program: Command, cli: Cli): void {
  program
    .command('history')
    .description('list everything that happened to a run')
    .argument('<run>', runArgument)
    .option('--after <entry>', 'only entries after this one', parseCount, 0)
    .option('--limit <count>', 'at most so many entries', parseCount)
    .action((given: string, { after, limit }: HistoryOptions) =>
      cli.run('read', async (session) => {
        const runId = await findRun(session.orchestrator, given);
        const entries = await read(session, runId, after, limit ?? Number.POSITIVE_INFINITY);
        return {
          json: { runId, entries },
          text: table(columns(cli), entries.map(toRow), cli.style.dim),
        };
      }),
    );
}

async function read(
  { orchestrator }: Session,
  runId: string,
  after: number,
  count: number,
): Promise<readonly HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  for (;;) {
    const limit = Math.min(1_000, count - entries.length);
    const afterSeq = entries.at(-1)?.seq ?? after;
    const page = await orchestrator.history(runId, { afterSeq, limit });
    entries.push(...page);
    if (page.length < limit || entries.length >= count) return entries;
  }
}

const columns = ({ style }: Cli) => [
  { title: 'SEQ', align: 'right' as const },
  { title: 'TIME' },
  { title: 'EVENT' },
  { title: 'STATUS', style: style.status },
  { title: 'ACTOR' },
  { title: 'TOOK', align: 'right' as const },
  { title: 'NOTE' },
];

function toRow(entry: HistoryEntry): readonly string[] {
  const { seq, atMs, event, from, to, actor, durationMs } = entry;
  return [
    String(seq),
    localTime(atMs),
    event,
    from === to ? to : `${from ?? ''} → ${to}`.trim(),
    actor,
    durationMs === null ? '' : span(durationMs),
    noteOf(entry),
  ];
}

function noteOf({ attempt, error, data }: HistoryEntry): string {
  const { outcome, reason, comment, reused, given } = data ?? {};
  const notes = [
    attempt !== null && attempt > 1 ? `attempt ${attempt}` : null,
    outcome,
    error?.['message'],
    reason,
    comment,
    typeof reused === 'object' ? 'reused' : null,
    given === true ? 'given for the fork' : null,
  ];
  return [...new Set(notes)].filter((note) => typeof note === 'string').join('; ');
}

import { type Command, Option } from 'commander';
import { systemClock } from '../../adapters/system/clock.ts';
import { type Audit, createAudit } from '../../service/audit/audit.ts';
import type { AuditEntry } from '../../service/audit/chain.ts';
import { parseCount } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { toJsonText } from '../escape.ts';
import { table } from '../table.ts';

interface LogOptions {
  readonly by?: string;
  readonly action?: string;
  readonly refused?: boolean;
  readonly limit: number;
}

const pageSize = 1_000;

/** @param audit - the command these belong to */
export function addAuditLog(audit: Command, cli: Cli): void {
  audit
    .command('log')
    .description('what was done to the service: tokens, sessions, schedules, refused calls')
    .option('--by <name>', 'only what this person or token did')
    .option('--action <action>', 'only this action, or those that begin so: token.')
    .addOption(new Option('--refused', 'only what was refused'))
    .option('--limit <count>', 'the newest so many', parseCount, 100)
    .action((options: LogOptions) =>
      cli.runOnStore('read', async (store) => {
        const log = createAudit({ store, clock: systemClock });
        const { fault, ...report } = await log.verify();
        const entries = await newest(log, options);
        return {
          json: { ...report, fault, log: entries.map(toView) },
          text: [
            ...toTable(entries, cli),
            fault === null
              ? `${report.entries} entries, chain sound, head ${report.headHash.slice(0, 16)}`
              : cli.style.red(`Chain broken at entry ${fault.seq}: ${fault.reason}`),
          ],
          exitCode: fault === null ? 0 : 1,
        };
      }),
    );
  audit
    .command('export')
    .description('the whole log of the service, one JSON document a line, oldest first')
    .action(() =>
      cli.runOnStore('read', async (store) => {
        await cli.stream(lines(createAudit({ store, clock: systemClock })));
        return null;
      }),
    );
}

async function* lines(log: Audit): AsyncGenerator<string> {
  for (let after = 0; ; ) {
    const page = await log.read({ after, order: 'ascending', limit: pageSize });
    yield page.map((entry) => `${JSON.stringify(toView(entry))}\n`).join('');
    after = page.at(-1)?.seq ?? after;
    if (page.length < pageSize) return;
  }
}

async function newest(
  log: Audit,
  { by, action, refused = false, limit }: LogOptions,
): Promise<readonly AuditEntry[]> {
  const found: AuditEntry[] = [];
  for (let before: number | undefined; found.length < limit; ) {
    const page = await log.read({
      order: 'descending',
      limit: pageSize,
      ...(before === undefined ? {} : { before }),
    });
    const wanted = page.filter(
      (entry) =>
        (by === undefined || entry.actor === by) &&
        (action === undefined ||
          entry.action === action ||
          (action.endsWith('.') && entry.action.startsWith(action))) &&
        (!refused || entry.outcome === 'refused'),
    );
    found.push(...wanted);
    before = page.at(-1)?.seq;
    if (page.length < pageSize) break;
  }
  return found.slice(0, limit);
}

function toView({ atMs, ...entry }: AuditEntry) {
  return { ...entry, at: new Date(atMs).toISOString() };
}

function toTable(entries: readonly AuditEntry[], { style }: Cli): readonly string[] {
  if (entries.length === 0) return [];
  const columns = ['ENTRY', 'AT', 'ACTOR', 'ACTION', 'SUBJECT', 'OUTCOME', 'DETAILS'];
  const rows = entries.map(({ seq, atMs, actor, action, subject, outcome, details }) => [
    String(seq),
    new Date(atMs).toISOString(),
    actor,
    action,
    subject,
    outcome,
    toJsonText(details).replaceAll(/\s+/g, ' '),
  ]);
  return table(
    columns.map((title) => ({ title })),
    rows,
    (line) => style.bold(line),
  );
}

/** The audit pack of a run: written, and proven from the file alone. */
import type { Command } from 'commander';
import { Pack } from '../../api/run-shapes.ts';
import { verifyPack } from '../../engine/verify-pack.ts';
import type { Cli, Report } from '../cli.ts';
import { printable, toJsonText } from '../escape.ts';
import { readJson } from '../json-argument.ts';
import { withService } from '../remote/with-service.ts';
import { UsageError } from '../usage-error.ts';
import { writeAtomically } from '../write-file.ts';

/** @param audit - the command these belong to */
export function addAuditPack(audit: Command, cli: Cli): void {
  audit
    .command('pack')
    .description(
      'everything about one run with the proof of its chain, as one JSON document; nothing marked sensitive is in it',
    )
    .argument('<run>', 'id of the run')
    .option('--output <file>', 'write there instead of to standard output')
    .action((runId: string, { output }: { readonly output?: string }) =>
      withService(cli, null, async (client) => {
        const pack = await client.runs.export({ params: { runId } });
        if (output === undefined) return { json: pack, text: [toJsonText(pack)] };
        await writeAtomically(output, [toJsonText(pack)]);
        const { entries } = pack.run;
        return {
          json: { file: output, entries },
          text: [`Run ${printable(runId)}, ${entries} entries, written to ${printable(output)}`],
        };
      }),
    );
  audit
    .command('verify-pack')
    .description('recompute the chain of a run from its audit pack, without store or service')
    .argument('<file>', 'as written by audit pack; - for standard input')
    .action(async (file: string) => {
      const pack = Pack.safeParse(await readJson('file', file, process.stdin));
      if (!pack.success) throw new UsageError(`"${file}" is no audit pack of a run`);
      await cli.report(reportOf(cli, verifyPack(pack.data)));
    });
}

function reportOf({ style }: Cli, report: ReturnType<typeof verifyPack>): Report {
  const { runId, entries, fault, headHash, unproven } = report;
  return {
    json: report,
    text: [
      fault === null
        ? `Run ${printable(runId)}: ${entries} entries, chain sound, head ${headHash}`
        : style.red(`Run ${printable(runId)}: broken at entry ${fault.seq}: ${fault.reason}`),
      ...(unproven.length === 0
        ? []
        : [
            `Values are left out of ${unproven.length} ${unproven.length === 1 ? 'entry' : 'entries'}; their place in the chain is proven, those values are not`,
          ]),
    ],
    exitCode: fault === null ? 0 : 1,
  };
}

/** The command line: common options, and one file per command. */
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { Cli } from './cli.ts';
import { addAudit } from './commands/audit.ts';
import { addBatches } from './commands/batches.ts';
import { addBreakers } from './commands/breakers.ts';
import { addCancel } from './commands/cancel.ts';
import { addCheck } from './commands/check.ts';
import { addCopyAsTest } from './commands/copy-as-test.ts';
import { addCoverage } from './commands/coverage.ts';
import { addDamaged } from './commands/damaged.ts';
import { addDiagram } from './commands/diagram.ts';
import { addDiff } from './commands/diff.ts';
import { addDocs } from './commands/docs.ts';
import { addExplain } from './commands/explain.ts';
import { addExport } from './commands/export.ts';
import { addFork } from './commands/fork.ts';
import { addHealth } from './commands/health.ts';
import { addHistory } from './commands/history.ts';
import { addIncidents } from './commands/incidents.ts';
import { addMcp } from './commands/mcp.ts';
import { addMigrate } from './commands/migrate.ts';
import { addPaths } from './commands/paths.ts';
import { addPause } from './commands/pause.ts';
import { addPlan } from './commands/plan.ts';
import { addPrune } from './commands/prune.ts';
import { addResume } from './commands/resume.ts';
import { addRetry } from './commands/retry.ts';
import { addReview } from './commands/review.ts';
import { addRun } from './commands/run.ts';
import { addRuns } from './commands/runs.ts';
import { addSchedules } from './commands/schedules.ts';
import { addServe } from './commands/serve.ts';
import { addShow } from './commands/show.ts';
import { addSignal } from './commands/signal.ts';
import { addSimulate } from './commands/simulate.ts';
import { addTest } from './commands/test.ts';
import { addToken } from './commands/token.ts';
import { addUndo } from './commands/undo.ts';
import { addWork } from './commands/work.ts';
import { addWorkflows } from './commands/workflows.ts';
import { defaultMachines } from './machines.ts';

/** Common options are understood before and after the name of the command. */
export function createProgram(): Command {
  return new Command('signalbox')
    .description('Runs workflows that are explicit state machines, and keeps their runs.')
    .version(packageVersion())
    .addOption(
      new Option('--machines <place>', 'a folder of folders with a workflow.ts each, or a module')
        .env('SIGNALBOX_MACHINES')
        .default(defaultMachines),
    )
    .addOption(
      new Option('--store <place>', 'lowdb:DIRECTORY, sqlite:FILE or memory:')
        .env('SIGNALBOX_STORE')
        .default('lowdb:.signalbox/runs'),
    )
    .addOption(
      new Option(
        '--url <address>',
        'a running service to talk to; default: the one that has the store open, if there is one',
      ).env('SIGNALBOX_URL'),
    )
    .addOption(
      new Option('--token <token>', 'for a service that asks for sign-in').env('SIGNALBOX_TOKEN'),
    )
    .option('--json', 'exactly one JSON document on standard output', false)
    .option('--verbose', 'more about errors, and what the engine does', false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} })
    .exitOverride();
}

const commands = [
  addServe,
  addRun,
  addWork,
  addRuns,
  addShow,
  addHistory,
  addExplain,
  addReview,
  addSignal,
  addCancel,
  addRetry,
  addUndo,
  addFork,
  addPause,
  addResume,
  addPrune,
  addExport,
  addSimulate,
  addCopyAsTest,
  addCoverage,
  addAudit,
  addPlan,
  addDiff,
  addDiagram,
  addMigrate,
  addMcp,
  addSchedules,
  addDocs,
  addWorkflows,
  addCheck,
  addPaths,
  addBreakers,
  addBatches,
  addIncidents,
  addHealth,
  addDamaged,
  addToken,
  addTest,
];

export function addCommands(program: Command, cli: Cli): void {
  for (const add of commands) add(program, cli);
}

function packageVersion(): string {
  const manifest = new URL('../../package.json', import.meta.url);
  return String(JSON.parse(readFileSync(manifest, 'utf8')).version);
}

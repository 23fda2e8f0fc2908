/** The command line: common options, and one file per command. */
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
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
      fromEnvironment(
        'SIGNALBOX_URL',
        new Option(
          '--url <address>',
          'a running service to talk to; default: the one that has the store open, if there is one',
        ),
      ),
    )
    .addOption(
      fromEnvironment(
        'SIGNALBOX_TOKEN',
        new Option('--token <token>', 'for a service that asks for sign-in'),
      ),
    )
    .option('--json', 'exactly one JSON document on standard output', false)
    .option('--verbose', 'more about errors, and what the engine does', false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} })
    .exitOverride();
}

/** A variable that is set to nothing says nothing. */
function fromEnvironment(name: string, option: Option): Option {
  return process.env[name] === '' ? option : option.env(name);
}

function packageVersion(): string {
  const manifest = new URL('../../package.json', import.meta.url);
  return String(JSON.parse(readFileSync(manifest, 'utf8')).version);
}

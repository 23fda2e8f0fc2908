import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../../adapters/system/clock.ts';
import { SignalboxError } from '../../errors.ts';
import type { Store } from '../../ports/store.ts';
import { announceService } from '../../service/address-file.ts';
import type { Development } from '../../service/development/development.ts';
import { createTokens } from '../../service/identity/tokens.ts';
import type { Service } from '../../service/index.ts';
import type { FileSettings } from '../../service/settings-file.ts';
import { collect } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { prepareDevelopment } from '../development/prepare.ts';
import {
  reportToSupervisor,
  superviseWorker,
  type WorkerPlace,
  workerPlace,
} from '../development/supervisor.ts';
import { createLog } from '../log.ts';
import { distinctTriggers } from '../machines.ts';
import { createReloading } from '../reloading.ts';
import { findService } from '../remote/find-service.ts';
import type { Prepared } from '../session.ts';
import { addressFileOf, parseStoreLocation } from '../store-location.ts';

interface ServeOptions {
  readonly host: string;
  readonly port?: number;
  readonly basePath?: string;
  readonly watch: boolean;
  readonly auth?: string;
  readonly actor?: string;
  readonly group?: readonly string[];
  readonly development: boolean;
}

const firstPort = 4400;
const portsTried = 20;

export function addServe(program: Command, cli: Cli): void {
  program
    .command('serve')
    .alias('start')
    .description('serve workflows and runs over HTTP, with a dashboard, until stopped')
    .option(
      '--host <address>',
      'where it listens; others than this machine need sign-in',
      '127.0.0.1',
    )
    .option('--port <number>', `default: the first free one from ${firstPort} on`, parsePort)
    .option(
      '--base-path <path>',
      'path it is mounted under, as /signalbox, with or without a proxy that takes it off',
    )
    .option('--watch', 'for development: load modules anew when they change', false)
    .addOption(
      new Option('--auth <file>', 'settings of sign-in, decision links and notices').env(
        'SIGNALBOX_AUTH',
      ),
    )
    .addOption(
      new Option(
        '--actor <name>',
        'who a browser is, without sign-in (default: "developer")',
      ).conflicts('auth'),
    )
    .addOption(
      new Option('--group <name>', 'group of --actor, for reviews assigned to one; may be repeated')
        .argParser(collect)
        .conflicts('auth'),
    )
    .option(
      '--development',
      'for this machine alone: --watch, and calls that skip the clock to a deadline or kill the worker',
      false,
    )
    .action(async (options: ServeOptions) => {
      const place = options.development ? workerPlace() : null;
      if (options.development && place === null) {
        cli.exitWith(await superviseWorker(cli.interruption, (line) => cli.note(line)));
        return;
      }
      await serve(cli, options, place);
    });
}

async function serve(cli: Cli, options: ServeOptions, place: WorkerPlace | null): Promise<void> {
  // loaded here, since no other command needs a server
  const { createService } = await import('../../service/index.ts');
  const { readSettings } = await import('../../service/settings-file.ts');
  const settings = options.auth === undefined ? {} : await readSettings(options.auth, process.env);
  const instance = randomUUID();
  const location = parseStoreLocation(cli.options.store);
  const file = addressFileOf(location);
  const other = await findService(location, { url: undefined, token: undefined });
  if (other !== null)
    throw new SignalboxError(
      'STORE_LOCKED',
      `Store "${cli.options.store}" is served already at ${other.url}`,
      {
        details: { store: cli.options.store, url: other.url },
        hint: 'Commands talk to that service',
      },
    );
  let development: Development | null = null;
  async function prepare(store: Store): Promise<Prepared> {
    if (!options.development) return { store };
    const made = await prepareDevelopment(store, place?.restarts ?? 0);
    ({ development } = made);
    return made.prepared;
  }
  await cli.serve(async (session) => {
    await checkSomebodyMayEnter(settings, session.store, cli);
    const { machines, orchestrator, store } = session;
    const reloading = createReloading({
      machines: cli.options.machines,
      loaded: machines,
      orchestrator,
      store,
      nowMs: () => systemClock.nowMs(),
      note: (line) => cli.note(line),
      replaceTriggers: (triggers) => service.replaceTriggers(triggers),
    });
    const service = await createService(orchestrator, {
      store,
      definitions: reloading.state,
      logger: createLog(cli.options, process.stderr),
      instance,
      ...(development === null ? {} : { development, clock: development.clock }),
      triggers: distinctTriggers(machines.triggers),
      ...settings,
      ...(options.auth === undefined && {
        identity: {
          mode: 'development' as const,
          ...(options.actor === undefined ? {} : { actor: options.actor }),
          groups: options.group ?? [],
        },
      }),
      ...(options.basePath === undefined ? {} : { basePath: options.basePath }),
    });
    let withdraw = async () => {};
    let unfollow = async () => {};
    try {
      const url = await listen(service, options, place?.port ?? options.port);
      if (file !== null) withdraw = await announceService(file, { url, instance });
      if (options.watch || options.development) unfollow = await reloading.follow();
      if (place !== null) reportToSupervisor(url);
      await cli.report({
        json: { url, store: cli.options.store, workflows: machines.workflows.length },
        text: [`Signalbox serves ${cli.options.store} at ${url}`, 'Ctrl-C stops it'],
      });
      await cli.interruption.happened;
    } finally {
      // In this order: nobody is sent here any more, who is here gets an answer, then the work ends.
      await withdraw();
      await unfollow();
      await service.close();
    }
  }, prepare);
}

/** @throws SignalboxError `SIGN_IN_REQUIRED` if nobody could sign in, and nobody could change that while the service has the store open */
async function checkSomebodyMayEnter(
  { identity }: FileSettings,
  store: Store,
  cli: Cli,
): Promise<void> {
  if (identity?.mode !== 'sign-in' || identity.provider !== undefined) return;
  if (await createTokens({ store, clock: systemClock }).hasAdmin()) return;
  throw new SignalboxError(
    'SIGN_IN_REQUIRED',
    'There is no provider and no token of an administrator: nobody could sign in',
    {
      hint: `Make one: ${cli.commandLine('token', 'create', 'NAME', '--role', 'admin')}`,
    },
  );
}

/** @throws SignalboxError `ADDRESS_IN_USE`, `SIGN_IN_REQUIRED` */
async function listen(
  service: Service,
  { host }: ServeOptions,
  port: number | undefined,
): Promise<string> {
  const last = port ?? firstPort + portsTried - 1;
  for (let tried = port ?? firstPort; ; tried += 1) {
    try {
      return await service.listen({ host, port: tried });
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!isTaken) throw error;
      if (tried >= last)
        throw new SignalboxError(
          'ADDRESS_IN_USE',
          port === undefined
            ? `Ports ${firstPort} to ${last} of "${host}" are in use`
            : `Port ${port} of "${host}" is in use`,
          {
            details: { host, port: tried },
            hint: 'Name a free one with --port, or 0 for any',
            cause: error,
          },
        );
    }
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a number from 0 to 65535.');
}

/** What every command shares: the common options, a session, and the one way to the exit. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { Settings } from '../engine/settings.ts';
import type { Store } from '../ports/store.ts';
import { printable, toJsonText } from './escape.ts';
import { failureJson, failureText, toFailure } from './failure.ts';
import { shellWord } from './format.ts';
import { Interrupted, type Interruption } from './interruption.ts';
import { createLog } from './log.ts';
import { defaultMachines } from './machines.ts';
import { progressLine } from './progress.ts';
import type { Session, SessionOptions } from './session.ts';
import { type Access, openStore, parseStoreLocation } from './store-location.ts';
import { createStyle, type Style } from './style.ts';
import { UsageError } from './usage-error.ts';

export interface CommonOptions {
  readonly machines: string;
  readonly store: string;
  readonly json: boolean;
  readonly verbose: boolean;
  /** A service to talk to, in place of the store. */
  readonly url?: string;
  readonly token?: string;
}

/** What a command has to say, once. */
export interface Report {
  readonly json: unknown;
  readonly text: readonly string[];
  /** Default: 0. */
  readonly exitCode?: number;
}

export interface Cli {
  readonly options: CommonOptions;
  readonly style: Style;
  readonly interruption: Interruption;
  /** Standard input and error are a terminal: there is somebody to ask. */
  readonly isInteractive: boolean;
  /** Does the work with an orchestrator on the store, and prints its report. What is due in other runs is left alone. */
  run(access: Access, work: (session: Session) => Promise<Report>): Promise<void>;
  /** The same with an orchestrator that looks after all runs. */
  runAll(work: (session: Session) => Promise<Report>): Promise<void>;
  /** The same for work that ends by itself when a signal comes. */
  runAllUntilSignal(work: (session: Session) => Promise<Report>): Promise<void>;
  /** With an orchestrator in this process that looks after all runs; the work ends by itself when a signal comes, and reports what it has to. */
  serve(
    work: (session: Session) => Promise<void>,
    prepare?: SessionOptions['prepare'],
  ): Promise<void>;
  /** What a look at the store yields; nothing is printed. */
  look<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Does the work on the store alone: nothing that is due is taken up. `null`: it has written its own document. */
  runOnStore(access: Access, work: (store: Store) => Promise<Report | null>): Promise<void>;
  report(report: Report): Promise<void>;
  /** A document too long to be held. */
  stream(text: AsyncIterable<string | Uint8Array>): Promise<void>;
  /** Whatever the work is doing, a signal ends the wait for it. @throws Interrupted */
  orInterrupted<T>(work: Promise<T>): Promise<T>;
  fail(error: unknown): Promise<void>;
  /** Another process has said what there was to say. */
  exitWith(code: number): void;
  /** A line on standard error; made printable here. */
  note(line: string): void;
  /** How to call the program again on the same store: `npx signalbox show … --store …`. */
  commandLine(...words: readonly string[]): string;
  readonly exitCode: number;
}

export function createCli(program: Command, interruption: Interruption): Cli {
  const { stdin, stdout, stderr } = process;
  const style = createStyle(stdout);
  const errorStyle = createStyle(stderr);
  let exitCode = 0;
  let hasReported = false;

  const say = (text: string) => void stderr.write(`${text}\n`);
  const note = (line: string) => say(printable(line));
  const options = () => program.opts<CommonOptions>();

  function print(text: string): Promise<void> {
    hasReported = true;
    return new Promise((resolve) => stdout.write(text, () => resolve()));
  }

  async function report({ json, text, exitCode: code = 0 }: Report): Promise<void> {
    exitCode = Math.max(exitCode, code);
    if (options().json) await print(`${toJsonText(json)}\n`);
    else await print(text.length === 0 ? '' : `${text.join('\n')}\n`);
  }

  async function stream(text: AsyncIterable<string | Uint8Array>): Promise<void> {
    hasReported = true;
    await pipeline(Readable.from(text), stdout, { end: false });
  }

  async function fail(error: unknown): Promise<void> {
    const failure = toFailure(error);
    const { json, verbose } = options();
    exitCode = failure.exitCode;
    if (json && !hasReported) await print(`${toJsonText(failureJson(failure, verbose))}\n`);
    else say(failureText(failure, verbose));
  }

  function orInterrupted<T>(work: Promise<T>): Promise<T> {
    const interrupted = interruption.happened.then((signal) => {
      throw new Interrupted(signal);
    });
    return Promise.race([work, interrupted]);
  }

  async function open(
    access: Access,
    lookAfter: Settings['lookAfter'],
    isHere: boolean,
    prepare: SessionOptions['prepare'],
  ): Promise<Session> {
    const { store, machines, json, verbose, url, token } = options();
    const { openSession } = await import('./session.ts');
    return openSession({
      store,
      machines,
      url,
      token,
      access,
      isHere,
      lookAfter,
      ...(prepare === undefined ? {} : { prepare }),
      log: createLog({ json, verbose }, stderr),
      interruption,
      onSlowClose: () =>
        note(
          interruption.signal === null
            ? 'Waiting for running tasks to end; Ctrl-C stops them'
            : 'Waiting a few seconds for running tasks to end',
        ),
      onProblem({ module, error }) {
        const why = failureText({ ...toFailure(error), hint: null }, verbose);
        say(`Module "${printable(module)}" is left out: ${why}`);
      },
    });
  }

  async function using<T>(
    access: Access,
    work: (session: Session) => Promise<T>,
    lookAfter: Settings['lookAfter'] = 'own',
    isHere = false,
    prepare?: SessionOptions['prepare'],
  ): Promise<T> {
    const session = await open(access, lookAfter, isHere, prepare);
    if (stderr.isTTY && access !== 'read' && !options().verbose) {
      session.orchestrator.subscribe((event) => say(progressLine(event, errorStyle)));
    }
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  async function runOnStore(
    access: Access,
    work: (store: Store) => Promise<Report | null>,
  ): Promise<void> {
    if (options().url !== undefined)
      throw new UsageError(
        'This command reads the store itself',
        'Run it where the store is, with --store and without --url',
      );
    const store = await openStore(parseStoreLocation(options().store), access);
    try {
      const said = await orInterrupted(work(store));
      if (said !== null) await report(said);
    } finally {
      await store.close();
    }
  }

  return {
    get options() {
      return options();
    },
    style,
    interruption,
    isInteractive: [stdin, stderr].every(({ isTTY }) => isTTY),
    run: (access, work) =>
      using(access, async (session) => report(await orInterrupted(work(session)))),
    runAll: (work) =>
      using('create', async (session) => report(await orInterrupted(work(session))), 'all'),
    runAllUntilSignal: (work) =>
      using('create', async (session) => report(await work(session)), 'all'),
    serve: (work, prepare) => using('create', work, 'all', true, prepare),
    look: (work) => using('read', (session) => orInterrupted(work(session))),
    runOnStore,
    report,
    stream,
    fail,
    exitWith(code) {
      exitCode = code;
    },
    orInterrupted,
    note,
    commandLine(...words) {
      const { store, machines, url } = options();
      const place = url === undefined ? ['--store', store] : ['--url', url];
      if (machines !== defaultMachines) place.push('--machines', machines);
      return ['npx', 'signalbox', ...words, ...place].map(shellWord).join(' ');
    },
    get exitCode() {
      return exitCode;
    },
  };
}

/** The command as a child process. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach } from 'vitest';

const pathTo = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const program = pathTo('../../../bin/signalbox.js');
/** Runs a command on a pseudo-terminal; part of util-linux. */
export const scriptProgram = '/usr/bin/script';
export const townMachines = pathTo('../machines');
export const allMachines = pathTo('../../../machines');
/** Its folder alone: a command loads all that it is given. */
export const incidentMachines = join(allMachines, 'incident-response');
export const alert = join(incidentMachines, 'alert.json');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that is running; `ended` waits for it. */
export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** Waits until the text stands on standard error. */
  says(text: string): Promise<void>;
}

export interface Place {
  /** Default: the test's folder. */
  readonly cwd?: string;
  /** Default: those of the town; `null`: whatever is the command's own default. */
  readonly machines?: string | null;
  /** Variables beside the usual ones. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Gives each test an empty folder, in which the commands run. */
export function useTown() {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-cli-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function environment({ machines = townMachines, env = {} }: Place): NodeJS.ProcessEnv {
    const { PATH, HOME } = process.env;
    return {
      PATH,
      HOME,
      TZ: 'Etc/GMT-2',
      TERM: 'xterm',
      SIGNALBOX_ACTOR: 'bob',
      SIGNALBOX_DATA: join(folder, 'data'),
      // Set to nothing, which must count as not set.
      SIGNALBOX_URL: '',
      SIGNALBOX_TOKEN: '',
      ...(machines === null ? {} : { SIGNALBOX_MACHINES: machines }),
      ...env,
    };
  }

  function start(args: readonly string[], input = '', place: Place = {}): Running {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: place.cwd ?? folder,
      env: environment(place),
    });
    child.stdin.end(input);
    return running(child);
  }

  /** Runs a command on a pseudo-terminal; a person answers its questions. Both outputs are in `stdout`. */
  function onTerminal(args: readonly string[], answers: readonly string[]): Promise<Ended> {
    const command = [process.execPath, program, ...args].map((word) => `'${word}'`).join(' ');
    const child = spawn(scriptProgram, ['--quiet', '--return', '--command', command, '/dev/null'], {
      cwd: folder,
      env: environment({}),
    });
    const left = [...answers];
    let asked = 0;
    let shown = '';
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      const questions = shown.match(/\(yes\/no\) /g)?.length ?? 0;
      for (; asked < questions && left.length > 0; asked += 1)
        child.stdin.write(`${left.shift()}\n`);
    });
    return running(child).ended;
  }

  /** Runs a command to its end. */
  const run = (...args: readonly string[]): Promise<Ended> => start(args).ended;

  /** Runs a command with `--json`: its exit code, and the one document on standard output. */
  async function ask(...args: readonly string[]) {
    const { code, stdout, stderr } = await run(...args, '--json');
    return { code, stderr, document: oneDocument(stdout) };
  }

  return {
    folder: () => folder,
    start,
    onTerminal,
    run,
    ask,
    path: (name: string) => join(folder, name),
  };
}

function running(child: ChildProcessWithoutNullStreams): Running {
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  return {
    child,
    ended: new Promise((resolve) => {
      child.on('close', (code) => resolve({ code, stdout, stderr }));
    }),
    says: (text) =>
      new Promise((resolve) => {
        const look = () => stderr.includes(text) && resolve();
        child.stderr.on('data', look);
        look();
      }),
  };
}

/** Fails unless the text is exactly one JSON document. */
// oxlint-disable-next-line typescript/no-explicit-any -- documents are compared, not computed with
export function oneDocument(text: string): any {
  return JSON.parse(text);
}

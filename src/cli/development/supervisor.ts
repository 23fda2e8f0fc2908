/** Starts the worker of a service in development, and starts it again when it was killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Interruption } from '../interruption.ts';

/** How a worker knows its place. */
const variables = { port: 'SIGNALBOX_WORKER_PORT', restarts: 'SIGNALBOX_WORKER_RESTARTS' };

export interface WorkerPlace {
  /** Where the worker before listened; `null`: there was none. */
  readonly port: number | null;
  readonly restarts: number;
}

/** What a worker tells its supervisor once it listens. */
interface Listening {
  readonly port: number;
}

/** `null`: nobody looks after this process. */
export function workerPlace(): WorkerPlace | null {
  const restarts = process.env[variables.restarts];
  if (restarts === undefined || process.send === undefined) return null;
  const port = process.env[variables.port];
  return { port: port === undefined ? null : Number(port), restarts: Number(restarts) };
}

/** Says where it listens, and ends in good order if its supervisor is gone. */
export function reportToSupervisor(url: string): void {
  const listening: Listening = { port: Number(new URL(url).port) };
  process.send?.(listening);
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}

/** @returns the exit code of the last worker */
export async function superviseWorker(
  interruption: Interruption,
  note: (line: string) => void,
): Promise<number> {
  let port: number | null = null;
  for (let restarts = 0; ; restarts += 1) {
    const worker = startWorker({ port, restarts });
    let hasListened = false;
    worker.on('message', (message: Listening) => {
      ({ port } = message);
      hasListened = true;
    });
    void passOn(interruption, worker);
    const { code, signal } = await endOf(worker);
    if (signal !== 'SIGKILL' || !hasListened || interruption.signal !== null) return code ?? 1;
    note('The worker was killed; another one goes on from the store');
  }
}

async function passOn(interruption: Interruption, worker: ChildProcess): Promise<void> {
  const signal = await interruption.happened;
  // A terminal has sent Ctrl-C to both; a second one would mean "stop at once".
  if (signal !== 'SIGINT' || !process.stdin.isTTY) worker.kill(signal);
}

function startWorker({ port, restarts }: WorkerPlace): ChildProcess {
  const [script = '', ...args] = process.argv.slice(1);
  return spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      [variables.restarts]: String(restarts),
      ...(port === null ? {} : { [variables.port]: String(port) }),
    },
  });
}

function endOf(
  worker: ChildProcess,
): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

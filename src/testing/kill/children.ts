/** Child processes that do what their only argument says and report in lines of JSON. */
import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Compiled code of the children, shared by all of them: most of their life is loading it. */
const compileCache = join(tmpdir(), 'signalbox-crash-compile-cache');
const limitMs = 30_000;

export interface Ended<Line> {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly Line[];
  readonly errors: string;
}

export interface Child<Line extends { readonly type: string }> {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended<Line>>;
  /** Resolves with the first line of the type, or `null` if the child ends without one. */
  said(type: Line['type']): Promise<Line | null>;
}

export interface ChildOptions {
  /** File of the program. */
  readonly script: string;
  readonly assignment: object;
  /** Beside `PATH` and `HOME`, which are passed on; everything else is not. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Runs on the Node of this process; a child that does not end within 30 s is aborted. */
export function startChild<Line extends { readonly type: string }>({
  script,
  assignment,
  environment = {},
}: ChildOptions): Child<Line> {
  const child = spawn(process.execPath, [script, JSON.stringify(assignment)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_COMPILE_CACHE: compileCache,
      NODE_NO_WARNINGS: '1',
      ...environment,
    },
  });
  const limit = setTimeout(() => child.kill('SIGABRT'), limitMs);
  const lines: Line[] = [];
  const waiting = new Map<string, ((line: Line | null) => void)[]>();
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    const complete = output.split('\n');
    output = complete.pop() ?? '';
    for (const one of complete) {
      const line: Line = JSON.parse(one);
      lines.push(line);
      for (const resolve of waiting.get(line.type) ?? []) resolve(line);
      waiting.delete(line.type);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = new Promise<Ended<Line>>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      for (const resolvers of waiting.values())
        for (const resolveLine of resolvers) resolveLine(null);
      resolve({ code, signal, lines, errors });
    });
  });
  return {
    process: child,
    ended,
    said(type) {
      const known = lines.find((line) => line.type === type);
      if (known !== undefined || child.exitCode !== null || child.signalCode !== null)
        return Promise.resolve(known ?? null);
      return new Promise((resolve) => {
        waiting.set(type, [...(waiting.get(type) ?? []), resolve]);
      });
    },
  };
}

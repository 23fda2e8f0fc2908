/** Child processes that die, and what is left of them. */

import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openLowdbStore } from '../../../src/adapters/lowdb/index.ts';
import { openSqliteStore } from '../../../src/adapters/sqlite/index.ts';
import type { ExportedRun } from '../../../src/ports/store.ts';
import { exported } from '../../../src/testing/crash/observe.ts';
import type { Assignment, Line, NotedEffect } from './assignment.ts';

const script = fileURLToPath(new URL('../child.ts', import.meta.url));
/** Compiled code of the child, shared by all of them: most of their life is loading it. */
const compileCache = join(tmpdir(), 'signalbox-crash-compile-cache');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly Line[];
  readonly errors: string;
}

export interface Child {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves with the first line of the type, or `null` if the child ends without one. */
  said(type: Line['type']): Promise<Line | null>;
}

export function startChild(
  assignment: Assignment,
  environment: Readonly<Record<string, string>> = {},
): Child {
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
  const limit = setTimeout(() => child.kill('SIGABRT'), 30_000);
  const lines: Line[] = [];
  const waiting = new Map<Line['type'], ((line: Line | null) => void)[]>();
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
  const ended = new Promise<Ended>((resolve, reject) => {
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

/** Every run of a store that nobody has open, read from a copy: looking must not mend anything. */
export async function runsIn({ kind, path }: Assignment['store']): Promise<readonly ExportedRun[]> {
  if (!existsSync(kind === 'sqlite' ? path : join(path, 'signalbox.json'))) return [];
  const copies = mkdtempSync(join(tmpdir(), 'signalbox-crash-copy-'));
  try {
    const copy = join(copies, 'store');
    if (kind === 'sqlite') {
      for (const suffix of ['', '-wal'])
        if (existsSync(path + suffix)) cpSync(path + suffix, copy + suffix);
    } else cpSync(path, copy, { recursive: true });
    const store =
      kind === 'sqlite'
        ? await openSqliteStore(copy)
        : await openLowdbStore(copy, { takeOver: true });
    const runs = await exported(store);
    await store.close();
    return runs;
  } finally {
    rmSync(copies, { recursive: true, force: true });
  }
}

export function effectsIn(file: string): readonly NotedEffect[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as NotedEffect);
}

export interface Place {
  readonly directory: string;
  readonly store: Assignment['store'];
  readonly effectsFile: string;
  dispose(): void;
}

/** A directory of its own for one store and everything its runs do. */
export function createPlace(kind: Assignment['store']['kind']): Place {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-kill-'));
  return {
    directory,
    store: { kind, path: join(directory, kind === 'sqlite' ? 'store.db' : 'store') },
    effectsFile: join(directory, 'effects'),
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  };
}

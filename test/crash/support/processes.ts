/** The child processes of this suite, and what is left of them. */
import { fileURLToPath } from 'node:url';
import type { ExportedRun } from '../../../src/ports/store.ts';
import { exported } from '../../../src/testing/crash/observe.ts';
import {
  type Child as AnyChild,
  type Ended as AnyEnded,
  startChild as startAnyChild,
} from '../../../src/testing/kill/children.ts';
import { linesIn, lookAt } from '../../../src/testing/kill/remains.ts';
import type { Assignment, Line, NotedEffect } from './assignment.ts';
import { bundle } from './bundle.ts';

export { createPlace, type KillPlace as Place } from '../../../src/testing/kill/remains.ts';

const script = await bundle(fileURLToPath(new URL('../child.ts', import.meta.url)));

export type Ended = AnyEnded<Line>;
export type Child = AnyChild<Line>;

export function startChild(
  assignment: Assignment,
  environment: Readonly<Record<string, string>> = {},
): Child {
  return startAnyChild({ script, assignment, environment });
}

/** Every run of a store that nobody has open. */
export async function runsIn(store: Assignment['store']): Promise<readonly ExportedRun[]> {
  return (await lookAt(store, exported)) ?? [];
}

export function effectsIn(file: string): readonly NotedEffect[] {
  return linesIn(file);
}

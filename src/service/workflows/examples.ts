/** Inputs that lie beside the module of a workflow. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Json } from '../../plan/json.ts';
import type { RunnableWorkflow } from '../../ports/bindings.ts';

export interface Example {
  /** Of its file. */
  readonly name: string;
  readonly value: Json;
}

const maxExamples = 10;
const maxFiles = 50;
const maxBytes = 64 * 1024;

/** The JSON files of the module's folder that fit the input; whatever cannot be read is none. */
export async function examplesOf(
  { bindings }: RunnableWorkflow,
  module: URL | null,
): Promise<readonly Example[]> {
  if (module === null || module.protocol !== 'file:') return [];
  const folder = fileURLToPath(new URL('.', module));
  const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json'));
  const examples: Example[] = [];
  for (const name of files.sort().slice(0, maxFiles)) {
    if (examples.length === maxExamples) break;
    const value = await readSmall(join(folder, name));
    if (value !== undefined && bindings.input.parse(value).ok) examples.push({ name, value });
  }
  return examples;
}

async function readSmall(file: string): Promise<Json | undefined> {
  try {
    if ((await stat(file)).size > maxBytes) return undefined;
    return JSON.parse(await readFile(file, 'utf8')) as Json;
  } catch {
    return undefined;
  }
}

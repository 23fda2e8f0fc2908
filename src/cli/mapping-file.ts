/** `--mapping`: a JSON document, or a module with functions. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Mapping } from '../chart/moving/mapping.ts';
import { readJson } from './json-argument.ts';
import { UsageError } from './usage-error.ts';

/**
 * What is in it is checked by whoever uses it.
 *
 * @throws UsageError if there is no such file, or a module exports no `mapping`
 */
export async function readMapping(
  given: string,
  stdin: AsyncIterable<Buffer | string>,
): Promise<Mapping> {
  if (!/\.[cm]?[jt]s$/.test(given)) return (await readJson('--mapping', given, stdin)) as Mapping;
  const path = resolve(given);
  if (!existsSync(path)) throw new UsageError(`--mapping: there is no file "${given}"`);
  const exported: Record<string, unknown> = await import(pathToFileURL(path).href);
  const { mapping } = exported;
  if (typeof mapping === 'object' && mapping !== null) return mapping;
  throw new UsageError(
    `--mapping: module "${given}" exports no "mapping"`,
    'Write: export const mapping = { steps: { old: "new" } }',
  );
}

/** Arguments that are JSON: given as such, as the name of a file, or as `-` for standard input. */
import { readFile } from 'node:fs/promises';
import { UsageError } from './usage-error.ts';

/** @throws UsageError if there is no such file, or it is not JSON */
export async function readJson(
  option: string,
  given: string,
  stdin: AsyncIterable<Buffer | string>,
): Promise<unknown> {
  if (given === '-') return parse(option, 'standard input', await readAll(stdin));
  if (/^\s*[[{"]/.test(given)) return parse(option, 'the argument', given);
  const text = await readIfThere(option, given);
  if (text !== null) return parse(option, `file "${given}"`, text);
  try {
    return JSON.parse(given);
  } catch {
    throw new UsageError(
      `${option}: there is no file "${given}", and it is not JSON either`,
      `Give a file, "-" for standard input, or JSON such as '{"a": 1}'`,
    );
  }
}

function parse(option: string, where: string, text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new UsageError(
      `${option}: ${where} is not JSON: ${error instanceof Error ? error.message : ''}`,
    );
  }
}

async function readIfThere(option: string, file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENAMETOOLONG') return null;
    throw new UsageError(`${option}: file "${file}" cannot be read (${String(code)})`);
  }
}

async function readAll(stream: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

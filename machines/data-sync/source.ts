/** Where records are read from. Whatever is wrong with a source says whether asking again may help. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { failureOfStatus, PermanentError, TransientError } from '../../src/index.ts';
import { isMissing } from '../files.ts';

const maxBytes = 1024 * 1024;

export const Source = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('http'),
    url: z.url({ protocol: /^https?$/ }).describe('Answers a GET with a list of records as JSON'),
  }),
  z.object({
    kind: z.literal('file'),
    name: z
      .string()
      .regex(/^[\w-]+\.json$/)
      .describe('File in the folder "sources" of this workflow'),
  }),
]);
export type Source = z.infer<typeof Source>;

const Records = z.array(z.looseObject({ id: z.union([z.string(), z.number()]) })).max(10_000);
export type Records = z.infer<typeof Records>;

/** @throws TransientError if the source cannot be reached or is busy @throws PermanentError if it has nothing that can be read */
export async function readRecords(source: Source, signal: AbortSignal): Promise<Records> {
  const text =
    source.kind === 'http' ? await download(source.url, signal) : await open(source.name);
  const parsed = Records.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new PermanentError(`The source has no list of records: ${z.prettifyError(parsed.error)}`);
}

async function open(name: string): Promise<string> {
  try {
    return await readFile(new URL(`sources/${name}`, import.meta.url), 'utf8');
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new PermanentError(`There is no source file "${name}"`, { cause: error });
  }
}

async function download(url: string, signal: AbortSignal): Promise<string> {
  const response = await reached(fetch(url, { signal, redirect: 'error' }), signal);
  if (!response.ok) {
    await response.body?.cancel();
    throw failureOfStatus(response.status, `The source answered ${response.status}`, {
      retryAfter: response.headers.get('retry-after'),
      nowMs: Date.now(),
    });
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new PermanentError(`The source sends more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function reached(response: Promise<Response>, signal: AbortSignal): Promise<Response> {
  try {
    return await response;
  } catch (error) {
    if (signal.aborted) throw error;
    throw new TransientError('The source cannot be reached', { cause: error });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

import { failureOfStatus, PermanentError, TransientError } from '../../src/index.ts';
import { documentSources } from './library.ts';

/** The download failed and a later one may succeed: no connection, no answer in time, too many requests, the server's own fault. */
export class DownloadError extends TransientError {
  override readonly name = 'DownloadError';
}

/** In bytes, as sent. */
const largestDocument = 1024 * 1024;
const timeLimitMs = 10_000;

/**
 * Downloads a document as text.
 *
 * @param reference - a URL, or a path below the address of the document library
 * @throws DownloadError if another attempt may succeed
 * @throws PermanentError for an address that is not allowed, any other status that is no success (redirections included), a document above
 *   1 MiB, and one that is no text
 */
export async function downloadText(reference: string, signal: AbortSignal): Promise<string> {
  const url = await allowedUrl(reference);
  const { decoder, body } = await fetched(url, signal);
  try {
    return decoder.decode(body);
  } catch (error) {
    throw new PermanentError(`"${url.href}" is no text in ${decoder.encoding}`, { cause: error });
  }
}

async function fetched(url: URL, signal: AbortSignal) {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(timeLimitMs)]);
  try {
    // A redirection could lead to an address that is not allowed, so it is not followed.
    const response = await fetch(url, { signal: limited, redirect: 'manual' });
    if (!response.ok) {
      await response.body?.cancel();
      throw failureOfStatus(response.status, `"${url.href}" was answered with ${response.status}`, {
        retryAfter: response.headers.get('retry-after'),
        nowMs: Date.now(),
      });
    }
    const decoder = decoderOf(url, response.headers.get('content-type') ?? 'text/plain');
    return { decoder, body: await boundedBody(url, response) };
  } catch (error) {
    signal.throwIfAborted();
    throw classified(url, error);
  }
}

function classified(url: URL, error: unknown): Error {
  if (error instanceof PermanentError) return error;
  if (error instanceof TransientError) {
    const { message, retryAfterMs } = error;
    return new DownloadError(message, {
      cause: error,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  const isLate = error instanceof Error && error.name === 'TimeoutError';
  const what = isLate ? `did not arrive within ${timeLimitMs / 1000} s` : 'could not be fetched';
  return new DownloadError(`"${url.href}" ${what}`, { cause: error });
}

/** Events come from outside: without this check they could make the service read addresses that only it can reach. */
async function allowedUrl(reference: string): Promise<URL> {
  const { base, origins } = await documentSources();
  const url = URL.canParse(reference, base) ? new URL(reference, base) : null;
  if (url !== null && origins.has(url.origin)) return url;
  const problem = url === null ? 'is no URL' : `is at "${url.origin}"`;
  throw new PermanentError(
    `Document "${reference}" ${problem}; allowed are ${[...origins].join(', ')} (add others to DOCUMENT_ORIGINS)`,
  );
}

function decoderOf(url: URL, contentType: string): TextDecoder {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';');
  const charset = parameters.map((each) => each.trim()).find((each) => each.startsWith('charset='));
  if (!type.trim().startsWith('text/')) {
    throw new PermanentError(`"${url.href}" is "${contentType}"; only texts can be indexed`);
  }
  try {
    return new TextDecoder(charset?.slice('charset='.length).replaceAll('"', '') ?? 'utf-8', {
      fatal: true,
    });
  } catch (error) {
    throw new PermanentError(`"${url.href}" is in an unknown encoding: "${contentType}"`, {
      cause: error,
    });
  }
}

async function boundedBody(url: URL, response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > largestDocument) {
      throw new PermanentError(`"${url.href}" is larger than ${largestDocument} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

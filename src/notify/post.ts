/** One POST of a small JSON text, and what its outcome means for the task that sends it. */
import { context, propagation } from '@opentelemetry/api';
import { failureOfStatus } from '../definition/http-failure.ts';
import { OutcomeUnknownError, PermanentError, TransientError } from '../errors.ts';
import { publicLookup, refusePrivateHost } from './addresses.ts';

export interface Post {
  readonly url: URL;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `public` refuses private addresses, also those a name points to. */
  readonly addresses: 'public' | 'any';
  /** For the whole exchange. */
  readonly timeoutMs: number;
  readonly nowMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Of an answer, kept for the error. */
const maxAnswerCharacters = 200;

/**
 * Redirects are not followed: they count as a refusal.
 *
 * @throws TransientError not sent, or answered by a status that may pass (408, 425, 429, 5xx; `Retry-After` is kept)
 * @throws PermanentError refused for good
 * @throws OutcomeUnknownError sent, and the answer was lost
 */
export async function post(given: Post): Promise<void> {
  const { url, nowMs } = given;
  const answer = await send(given);
  if (answer.status >= 200 && answer.status <= 299) return;
  const text = answer.text === '' ? '' : `: ${answer.text}`;
  throw failureOfStatus(answer.status, `${url.host} answered with ${answer.status}${text}`, {
    retryAfter: answer.retryAfter,
    nowMs,
  });
}

/** The trace it belongs to, if there is one. */
function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}

/**
 * The same, whatever the status of the answer.
 *
 * @throws TransientError, PermanentError, OutcomeUnknownError as {@link post} does, but for no status
 */
export async function send(given: Omit<Post, 'nowMs'>): Promise<Answer> {
  const { url, addresses, timeoutMs } = given;
  if (addresses === 'public') refusePrivateHost(url);
  const limit = AbortSignal.timeout(timeoutMs);
  const signal = given.signal === undefined ? limit : AbortSignal.any([limit, given.signal]);
  return exchange(given, signal);
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

/** Importing `node:http` starts all of `fetch` with it, which takes longer than the rest of the package. */
const protocolOf = (url: URL) =>
  process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');

function exchange(
  { url, body, headers, addresses }: Omit<Post, 'nowMs'>,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isSent = false;
    const request = protocolOf(url).request(url, {
      method: 'POST',
      headers: { ...traceHeaders(), ...headers, 'content-length': Buffer.byteLength(body) },
      signal,
      agent: false,
      ...(addresses === 'public' ? { lookup: publicLookup } : {}),
    });
    const fail = (error: unknown) => reject(toTaskError(error, url, isSent, signal));
    request.on('error', fail);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('error', fail);
      response.on('data', (chunk: string) => {
        text = (text + chunk).slice(0, maxAnswerCharacters);
      });
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: response.headers['retry-after'] ?? null,
          text: text.trim(),
        }),
      );
    });
    // From the first byte on, only an answer tells what became of it.
    request.on('socket', (socket) => {
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        isSent = true;
      });
    });
    request.end(body);
  });
}

function toTaskError(error: unknown, url: URL, isSent: boolean, signal: AbortSignal): Error {
  if (error instanceof PermanentError) return error;
  const why = signal.aborted ? 'no answer in time' : messageOf(error);
  return isSent
    ? new OutcomeUnknownError(`${url.host} may have got the message: ${why}`, { cause: error })
    : new TransientError(`${url.host} was not reached: ${why}`, { cause: error });
}

/** A refused connection to several addresses is an error without words of its own. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : error.name;
  return error.message === '' ? code : error.message;
}

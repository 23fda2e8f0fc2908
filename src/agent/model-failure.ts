import { failureOfStatus } from '../definition/http-failure.ts';
import { PermanentError, TransientError } from '../errors.ts';

/** What the AI SDK says of an answer that was no success, as far as it is needed here. */
interface HttpAnswer {
  readonly statusCode: number;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly responseBody?: string;
}

/**
 * What a failed call of a model means to a task. Nobody has been charged for an answer that did not arrive whole, so everything but a clear
 * refusal may be tried again: rate limits, overload, lost connections, answers that cannot be read.
 *
 * @param error - as thrown by the AI SDK, or as the provider sent it in the middle of its stream
 * @param key - of the provider; some repeat it in their messages, and it must not reach history or log
 */
export function failureOfModel(error: unknown, key: string | undefined): Error {
  const cause = withoutKey(error, key);
  const text = `The language model did not answer: ${cause.message}`;
  const answer = httpAnswerOf(error);
  if (answer !== null) return failureOfAnswer(answer, text, cause);
  const isWrongRequest = typeOf(error) === 'invalid_request_error';
  return isWrongRequest ? new PermanentError(text, { cause }) : new TransientError(text, { cause });
}

function failureOfAnswer(answer: HttpAnswer, text: string, cause: Error): Error {
  const { statusCode, responseHeaders = {}, responseBody = '' } = answer;
  // A page of something else, or half an answer.
  if (statusCode < 300) return new TransientError(text, { cause });
  const message = `${text} (HTTP status ${statusCode})`;
  // No money left: the status is that of a rate limit, and no waiting helps.
  if (responseBody.includes('insufficient_quota')) return new PermanentError(message, { cause });
  // By the clock of the server, which also wrote the date in Retry-After.
  const nowMs = Date.parse(responseHeaders['date'] ?? '');
  const failure = failureOfStatus(statusCode, message, {
    retryAfter: responseHeaders['retry-after'] ?? null,
    ...(Number.isNaN(nowMs) ? {} : { nowMs }),
  });
  if (!(failure instanceof TransientError)) return new PermanentError(message, { cause });
  const { retryAfterMs } = failure;
  return new TransientError(message, {
    cause,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function httpAnswerOf(error: unknown): HttpAnswer | null {
  if (!(error instanceof Error) || !('statusCode' in error)) return null;
  if (typeof error.statusCode !== 'number') return null;
  const { statusCode } = error;
  return {
    statusCode,
    ...('responseHeaders' in error && isHeaders(error.responseHeaders)
      ? { responseHeaders: error.responseHeaders }
      : {}),
    ...('responseBody' in error && typeof error.responseBody === 'string'
      ? { responseBody: error.responseBody }
      : {}),
  };
}

function isHeaders(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === 'object' && value !== null;
}

function typeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'type' in error ? error.type : undefined;
}

const maxMessage = 500;

/** Name, message and cause of what was thrown, and nothing else: it holds the whole request. */
function withoutKey(error: unknown, key: string | undefined): Error {
  const clean = (text: string) =>
    (key === undefined ? text : text.replaceAll(key, '[key]')).slice(0, maxMessage);
  if (!(error instanceof Error)) return new Error(clean(messageOf(error)));
  const { cause } = error;
  const copy = new Error(
    clean(error.message),
    cause instanceof Error ? { cause: withoutKey(cause, key) } : {},
  );
  copy.name = error.name;
  return copy;
}

/** Providers send `{ message, type, code }` in the middle of a stream. */
function messageOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (typeof error === 'object' && error !== null && 'message' in error) {
    return String(error.message);
  }
  return 'it ended its stream with an error';
}

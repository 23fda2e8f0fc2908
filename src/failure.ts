/** Whatever a handler throws, as data: bounded text, no cycles, never a throw of its own. */
import { OutcomeUnknownError, TransientError } from './errors.ts';
import type { AttemptFailure } from './ports/executor.ts';

const maxText = 2_000;

export function failureOf(thrown: unknown): AttemptFailure {
  const { name, message } = textOf(thrown);
  const error = asError(thrown);
  const cause = error === null ? undefined : causeOf(error);
  return {
    name,
    message,
    // Only what the task declares passing is tried again: an error nobody classified may be a bug, and a bug does not go away.
    retryable: error instanceof TransientError || error instanceof OutcomeUnknownError,
    unclear: error instanceof OutcomeUnknownError,
    ...(error instanceof TransientError && error.retryAfterMs !== undefined
      ? { retryAfterMs: error.retryAfterMs }
      : {}),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** Even to ask what it is may throw, as a revoked proxy does. */
export function asError(thrown: unknown): Error | null {
  try {
    return thrown instanceof Error ? thrown : null;
  } catch {
    return null;
  }
}

function causeOf(error: Error): { name: string; message: string } | undefined {
  try {
    return error.cause === undefined ? undefined : textOf(error.cause);
  } catch {
    return undefined;
  }
}

/** Never throws, even if a getter of the thrown value does. */
function textOf(error: unknown): { name: string; message: string } {
  try {
    if (error instanceof AggregateError) {
      const parts = error.errors.slice(0, 5).map((part: unknown) => textOf(part).message);
      return {
        name: clip(String(error.name)),
        message: clip([error.message, ...parts].filter((part) => part !== '').join('; ')),
      };
    }
    if (error instanceof Error)
      return {
        name: clip(String(error.name)),
        message: clip(String(error.message)) || '(no message)',
      };
    if (typeof error === 'string')
      return { name: 'Error', message: clip(error) || '(an empty string was thrown)' };
    return { name: 'Error', message: `(${error === null ? 'null' : typeof error} was thrown)` };
  } catch {
    return { name: 'Error', message: '(the error cannot be read)' };
  }
}

/** Bounded, and Unicode: halves of characters, whether thrown or left by the cut, could not be stored. */
function clip(text: string): string {
  const clipped = text.length > maxText ? `${text.slice(0, maxText)}…` : text;
  return clipped.toWellFormed();
}

import { SignalboxError } from '../../errors.ts';

/** Primary result codes of SQLite (https://sqlite.org/rescode.html). */
const busy = 5;
const locked = 6;
const ioError = 10;
const corrupt = 11;
const full = 13;
const notADatabase = 26;
const unavailable: ReadonlySet<number> = new Set([
  3,
  busy,
  locked,
  8,
  ioError,
  full,
  14,
  15,
  22,
  23,
]);

/** The primary result code, or `null` if SQLite did not throw the error. */
function resultCode(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : null;
}

export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === busy || code === locked;
}

/** Another moment may go better; `0` is what is read when another thread has overwritten the code. */
export function mayPass(error: unknown): boolean {
  return isBusy(error) || resultCode(error) === 0;
}

/** The connection may no longer agree with the disk. */
export function isInputOutputError(error: unknown): boolean {
  return resultCode(error) === ioError;
}

/** What a caller of the store gets to see; errors of other origin pass unchanged. */
export function toStoreError(error: unknown, file: string): unknown {
  const code = resultCode(error);
  if (code === corrupt || code === notADatabase) {
    return new SignalboxError('STORE_DAMAGED', `Database "${file}" is damaged: ${textOf(error)}`, {
      details: { file },
      hint: 'Keep a copy of the file, then restore the last backup',
      cause: error,
    });
  }
  if (code === null || !unavailable.has(code)) return error;
  const reason =
    code === full
      ? 'no space left on the disk'
      : isBusy(error)
        ? 'another process kept it locked'
        : textOf(error);
  return unavailableError(file, reason, error);
}

/** The file is at fault, or what it is on; whoever else writes to it now would fail as well. */
export function isStoreError(error: unknown): boolean {
  return (
    error instanceof SignalboxError &&
    (error.code === 'STORE_UNAVAILABLE' || error.code === 'STORE_DAMAGED')
  );
}

export function unavailableError(file: string, reason: string, cause?: unknown): SignalboxError {
  return new SignalboxError('STORE_UNAVAILABLE', `Database "${file}" cannot be used: ${reason}`, {
    details: { file },
    cause,
  });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

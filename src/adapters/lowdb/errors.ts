import { SignalboxError } from '../../errors.ts';
import { SyncFailure } from './document.ts';
import { DamagedDocument } from './document-text.ts';
import { hasCode } from './file-system.ts';

/** What a caller of the store gets to see; errors of other origin pass unchanged. */
export function toStoreError(error: unknown, directory: string): unknown {
  if (error instanceof SignalboxError) return error;
  if (error instanceof DamagedDocument) {
    return new SignalboxError('STORE_DAMAGED', error.message, {
      details: { directory, path: error.path },
      hint: 'Keep a copy of the file, then remove it or restore it from a backup',
      cause: error,
    });
  }
  if (error instanceof SyncFailure)
    return unavailableError(
      directory,
      'a sync failed, so nobody knows what is on the disk',
      'Open it again',
      error,
    );
  if (hasCode(error, 'ENOSPC', 'EDQUOT'))
    return unavailableError(
      directory,
      'no space left on the disk',
      'Free some space; the store goes on by itself',
      error,
    );
  if (error instanceof Error && 'syscall' in error)
    return unavailableError(directory, error.message, undefined, error);
  return error;
}

export function unavailableError(
  directory: string,
  reason: string,
  hint?: string,
  cause?: unknown,
): SignalboxError {
  return new SignalboxError('STORE_UNAVAILABLE', `Store "${directory}" cannot be used: ${reason}`, {
    details: { directory },
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

export function damagedRunError(runId: string, reason: string, location: string): SignalboxError {
  return new SignalboxError(
    'RUN_DAMAGED',
    `Run "${runId}" cannot be trusted: file "${location}" ${reason}`,
    {
      details: { runId, location, reason },
      hint: 'The file is kept as it was found; the other runs are not affected',
    },
  );
}

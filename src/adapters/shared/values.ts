import { SignalboxError } from '../../errors.ts';

/** A copy that shares nothing with the value, as it would come back from a disk. */
export function copyOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

/**
 * Names become keys of rows and names of files, where a lone surrogate would turn into another character and two names into one, and where
 * a NUL may end the text.
 *
 * @throws SignalboxError `INPUT_INVALID` if the name is empty, has a NUL, or is no well-formed Unicode
 */
export function checkName(what: string, name: string): void {
  if (name.length > 0 && name.isWellFormed() && !name.includes('\0')) return;
  throw new SignalboxError(
    'INPUT_INVALID',
    `${what} ${JSON.stringify(name)} is not a name: expected at least one character, no NUL, and well-formed Unicode`,
    {
      details: { [what]: name },
    },
  );
}

/** @throws SignalboxError `INPUT_INVALID` if name or key is no name */
export function checkEntity(entity: { readonly name: string; readonly key: string }): void {
  checkName('entity', entity.name);
  checkName('key', entity.key);
}

/** Guards every call of a store against use after {@link SignalboxError} `CLOSED`. */
export function closedError(kind: string): SignalboxError {
  return new SignalboxError('CLOSED', `Store "${kind}" is closed; open it again`, {
    details: { kind },
  });
}

export function readOnlyError(kind: string, location: string): SignalboxError {
  return new SignalboxError(
    'STORE_READ_ONLY',
    `Store "${kind}" at "${location}" is open for reading only`,
    { details: { kind, location } },
  );
}

export function mapTooLargeError(
  runId: string,
  step: string,
  index: number,
  limit: number,
): SignalboxError {
  return new SignalboxError(
    'MAP_TOO_LARGE',
    `Map "${step}" of run "${runId}" has an item at index ${index}; this store keeps ${limit} items`,
    {
      details: { runId, step, index, limit },
      hint: 'Keep runs with larger maps in the sqlite store',
    },
  );
}

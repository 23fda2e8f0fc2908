/** What has changed between two values that reviewers were shown. */
import type { Json } from '../../plan/json.ts';

export interface Change {
  /** Keys from the outside in. */
  readonly path: readonly (string | number)[];
  /** Absent: it was not there. */
  readonly before?: Json;
  /** Absent: it is not there any more. */
  readonly after?: Json;
}

/** More are not listed. */
const maxChanges = 1_000;

/** In the order of the value as it is now; what is gone comes after its neighbours. */
export function changesBetween(before: Json, after: Json): readonly Change[] {
  const changes: Change[] = [];
  compare(before, after, [], changes);
  return changes;
}

function compare(before: Json, after: Json, path: Change['path'], into: Change[]): void {
  if (into.length >= maxChanges || before === after) return;
  const [old, now] = [partsOf(before), partsOf(after)];
  if (old === null || now === null || Array.isArray(before) !== Array.isArray(after)) {
    into.push({ path, before, after });
    return;
  }
  for (const key of new Set([...now.keys(), ...old.keys()])) {
    const inner = [...path, key];
    const [was, is] = [old.get(key), now.get(key)];
    if (was !== undefined && is !== undefined) compare(was, is, inner, into);
    else if (into.length < maxChanges)
      into.push({
        path: inner,
        ...(was === undefined ? {} : { before: was }),
        ...(is === undefined ? {} : { after: is }),
      });
  }
}

function partsOf(value: Json): ReadonlyMap<string | number, Json> | null {
  if (Array.isArray(value)) return new Map(value.entries());
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : null;
}

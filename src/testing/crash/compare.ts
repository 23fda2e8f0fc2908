import { inspect, isDeepStrictEqual } from 'node:util';

/** Something that must hold in every life does not. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

/** @throws Broken with what differs */
export function compare(
  trial: { readonly observed: unknown },
  reference: { readonly observed: unknown },
): void {
  if (isDeepStrictEqual(trial.observed, reference.observed)) return;
  const difference = differenceOf(reference.observed, trial.observed, '');
  throw new Broken(`Ends otherwise than without kills:\n${difference.slice(0, 20).join('\n')}`);
}

function differenceOf(expected: unknown, found: unknown, path: string): readonly string[] {
  if (isDeepStrictEqual(expected, found)) return [];
  if (isObject(expected) && isObject(found)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(found)]);
    return [...keys].flatMap((key) => differenceOf(expected[key], found[key], `${path}.${key}`));
  }
  const show = (value: unknown) => inspect(value, { depth: 6, breakLength: 200 });
  return [`${path}: expected ${show(expected)}, found ${show(found)}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** What a review is about in a line, so that twelve alike are told apart before one is opened. */
import type { Json } from '../../plan/json.ts';

interface Fact {
  readonly name: string;
  readonly value: string;
}

const limits = { facts: 4, characters: 60, depth: 3 };

/** The first short facts of what is shown, as they stand there. */
export function gistOf(shown: Json): readonly Fact[] {
  return [...factsOf('', shown, 0)].slice(0, limits.facts);
}

function* factsOf(name: string, value: Json, depth: number): Generator<Fact> {
  if (typeof value === 'string' || typeof value === 'number') {
    const text = String(value).trim();
    if (text !== '' && text.length <= limits.characters) yield { name, value: text };
    return;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  if (depth === limits.depth) return;
  for (const [key, field] of Object.entries(value)) yield* factsOf(key, field, depth + 1);
}

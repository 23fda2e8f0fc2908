/** What a review is about in a line, so that twelve alike are told apart before one is opened. */
import { redacted } from '../../engine/redact.ts';
import type { Json } from '../../plan/json.ts';

interface Fact {
  readonly name: string;
  readonly value: string;
}

const limits = { facts: 4, characters: 60, depth: 3 };

/** The first short facts of what is shown, as they stand there: no more of it is looked at, and what is left out as sensitive tells nothing. */
export function gistOf(shown: Json): readonly Fact[] {
  const facts: Fact[] = [];
  for (const fact of factsOf('', shown, 0)) {
    facts.push(fact);
    if (facts.length === limits.facts) break;
  }
  return facts;
}

function* factsOf(name: string, value: Json, depth: number): Generator<Fact> {
  if (typeof value === 'string' || typeof value === 'number') {
    const text = String(value).trim();
    const isShort = text.length <= limits.characters && name.length <= limits.characters;
    if (text !== '' && text !== redacted && isShort) yield { name, value: text };
    return;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  if (depth === limits.depth) return;
  for (const [key, field] of Object.entries(value)) yield* factsOf(key, field, depth + 1);
}

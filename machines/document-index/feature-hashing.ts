import type { Embedder } from './embedder.ts';

const dimensions = 256;
const fragmentLength = 4;

/**
 * Vectors without a language model: words, pairs of words and fragments of words are hashed to the components of a vector (feature hashing).
 * Texts that share words lie close together; texts that say the same in other words do not. The same text always gives the same vector.
 */
export const featureHashing: Embedder = {
  name: `feature-hashing-${dimensions} (offline, no language model)`,
  embed: (texts) => Promise.resolve(texts.map(vectorOf)),
};

function vectorOf(text: string): Float32Array {
  const counts = new Map<string, number>();
  for (const feature of featuresOf(text)) counts.set(feature, (counts.get(feature) ?? 0) + 1);
  const vector = new Float32Array(dimensions);
  for (const [feature, count] of counts) {
    const hash = fnv1a(feature);
    // The sign, taken from another bit, makes collisions cancel out instead of adding up.
    const sign = hash >>> 31 === 0 ? 1 : -1;
    const at = hash % dimensions;
    vector[at] = (vector[at] ?? 0) + sign * weightOf(feature) * (1 + Math.log(count));
  }
  const length = Math.hypot(...vector);
  return length === 0 ? vector.fill(1 / Math.sqrt(dimensions)) : vector.map((x) => x / length);
}

/** A fragment counts less than a word, which has several of them. */
function weightOf(feature: string): number {
  return feature.startsWith('#') ? 0.3 : 1;
}

/** Words that say nothing of what a text is about. */
const commonWords: ReadonlySet<string> = new Set(
  'a an and are as at be before by can for from has have how in is it its may not of on or so that the them they this to was were what when which who will with'.split(
    ' ',
  ),
);

function* featuresOf(text: string): Generator<string> {
  const words = (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter(
    (word) => !commonWords.has(word),
  );
  for (const [index, word] of words.entries()) {
    yield word;
    const next = words[index + 1];
    if (next !== undefined) yield `${word} ${next}`;
    // Fragments let "returned" find "returns".
    for (let at = 0; at + fragmentLength <= word.length; at += 1) {
      yield `#${word.slice(at, at + fragmentLength)}`;
    }
  }
}

/** FNV-1a, 32 bits, over UTF-16 code units. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}

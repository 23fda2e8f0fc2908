/** What a language model would do, by rule: the same text always gives the same answer, and the answer says where it comes from. */
import type { EnrichedEntity, Entity } from './knowledge.ts';

/** Stands beside every answer of these rules. */
export const offlineRules = 'offline rules, no language model';

const mostEntities = 20;
const summarySentences = 3;

const kinds = [
  { kind: 'organisation', pattern: /(?:\p{Lu}[\p{L}-]{1,40} ){1,3}(?:GmbH|Ltd|AG|Inc)\b/gu },
  { kind: 'product', pattern: /\b[A-Z]{2,4}-\d{2,4}\b/g },
] as const;

/** Organisations by their legal form and products by their code, each once, in the order in which they come up; at most 20. */
export function extractEntities(text: string): readonly Entity[] {
  const found = kinds.flatMap(({ kind, pattern }) =>
    [...plain(text).matchAll(pattern)].map(({ index, 0: name }) => ({ index, kind, name })),
  );
  const byName = new Map<string, Entity>();
  for (const { kind, name } of found.toSorted((a, b) => a.index - b.index)) {
    if (!byName.has(name)) byName.set(name, { name, kind });
  }
  return [...byName.values()].slice(0, mostEntities);
}

/** The sentences that say most of the entities, in the order of the text, and what is known of the entities. */
export function summarise(text: string, entities: readonly EnrichedEntity[]): string {
  const sentences = sentencesOf(text);
  const best = sentences
    .map((sentence, at) => ({ sentence, at, weight: weightOf(sentence, entities) }))
    .toSorted((a, b) => b.weight - a.weight || a.at - b.at)
    .slice(0, summarySentences)
    .toSorted((a, b) => a.at - b.at)
    .map(({ sentence }) => sentence);
  const facts = entities
    .filter(({ description }) => description !== null)
    .map(({ name, description }) => `${name}: ${description}`);
  return [...best, ...(facts.length === 0 ? [] : [`(${facts.join('; ')})`])].join(' ');
}

/** Text of the first heading of a Markdown document; `null` if it has none. */
export function titleOf(text: string): string | null {
  return /^# +(.+)$/m.exec(text)?.[1]?.trim() ?? null;
}

function weightOf(sentence: string, entities: readonly EnrichedEntity[]): number {
  return entities.filter(({ name }) => sentence.includes(name)).length;
}

function sentencesOf(text: string): readonly string[] {
  return plain(text)
    .split(/\n{2,}/)
    .filter((paragraph) => !paragraph.startsWith('#'))
    .flatMap((paragraph) => paragraph.split(/(?<=[.!?])\s+(?=\p{Lu})/u))
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

/** Lines of one paragraph as one line. */
function plain(text: string): string {
  return text.replaceAll(/(?<!\n)\n(?!\n)/g, ' ');
}

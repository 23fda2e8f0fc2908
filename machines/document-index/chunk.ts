/** Part of a text: from the character at `start` up to, not including, the one at `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Enough for a few sentences, which is what one vector can stand for. */
export const largestChunk = 600;

/**
 * Cuts a text into chunks of whole paragraphs, as many in one as fit; a paragraph that is too long by itself is cut after a sentence or a word.
 *
 * @param most - characters in a chunk
 */
export function chunkText(text: string, most: number = largestChunk): readonly Range[] {
  const chunks: Range[] = [];
  for (const piece of paragraphsOf(text).flatMap((range) => piecesOf(text, range, most))) {
    const last = chunks.at(-1);
    if (last !== undefined && piece.end - last.start <= most) {
      chunks[chunks.length - 1] = { start: last.start, end: piece.end };
    } else {
      chunks.push(piece);
    }
  }
  return chunks;
}

function paragraphsOf(text: string): readonly Range[] {
  const ranges: Range[] = [];
  let start: number | null = null;
  let end = 0;
  for (const { index, 0: line } of text.matchAll(/[^\n]+|\n/g)) {
    if (line === '\n') {
      const isBlank = text[index - 1] === '\n' || start === null;
      if (isBlank && start !== null) ranges.push({ start, end });
      if (isBlank) start = null;
      continue;
    }
    if (line.trim() === '') continue;
    start ??= index;
    end = index + line.trimEnd().length;
  }
  if (start !== null) ranges.push({ start, end });
  return ranges;
}

function piecesOf(text: string, range: Range, most: number): readonly Range[] {
  const pieces: Range[] = [];
  let { start } = range;
  while (range.end - start > most) {
    const end = start + cutOf(text.slice(start, start + most));
    pieces.push({ start, end });
    start = end;
    while (start < range.end && /\s/.test(text.charAt(start))) start += 1;
  }
  if (start < range.end) pieces.push({ start, end: range.end });
  return pieces;
}

/** After the last sentence, otherwise before the last blank, otherwise at the end, but not in the middle of a character. */
function cutOf(text: string): number {
  const sentence = text.search(/[.!?]\s(?!.*[.!?]\s)/s);
  if (sentence > 0) return sentence + 1;
  const blank = text.search(/\s\S*$/);
  if (blank > 0) return blank;
  return /[\ud800-\udbff]$/.test(text) ? text.length - 1 : text.length;
}

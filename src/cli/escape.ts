/** What comes from data must not speak to the terminal: control characters and marks that reorder text are shown, not obeyed. */

/** Control characters (C0, DEL, C1), and line, paragraph, bidirectional and byte-order marks. */
const unprintable = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;
const unprintableButNewline = new RegExp(`(?!\\n)${unprintable.source}`, 'gu');

const names: { readonly [character: string]: string } = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** For one line of text: `ESC[31m` becomes `\u001b[31m`, a line break `\n`. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => names[character] ?? toEscape(character));
}

/** JSON that is also safe to look at; what it escapes beyond JSON's own rules reads back the same. */
export function toJsonText(value: unknown, indent = 2): string {
  // A missing document would be no document at all.
  return JSON.stringify(value ?? null, null, indent).replace(unprintableButNewline, toEscape);
}

function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

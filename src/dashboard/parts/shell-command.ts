/** `signalbox` with arguments, quoted for a POSIX shell. */
export function shellCommand(args: readonly string[]): string {
  return ['npx signalbox', ...args.map(quote)].join(' ');
}

/** Control characters, and marks that reorder text: a terminal obeys them when they are pasted, and readers do not see them. */
const unseen = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** What is not to be seen stands in the `$'…'` of bash and zsh. */
export function quote(argument: string): string {
  if (argument.search(unseen) !== -1) {
    const escaped = argument.replaceAll(/[\\']/g, String.raw`\$&`);
    return `$'${escaped.replaceAll(unseen, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`;
  }
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

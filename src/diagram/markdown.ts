/** Markdown out of parts: what a plan says is text and never becomes markup, whoever wrote it. */

/** For running text and cells of tables. */
export function plain(text: string): string {
  return oneLine(text)
    .replaceAll(/[\\`*<>[\]|~]/g, '\\$&')
    .replaceAll('&', '&amp;');
}

/** Names and values, letter by letter. */
export function code(text: string): string {
  const inside = oneLine(text).replaceAll('|', '\\|');
  const longest = Math.max(0, ...(inside.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${inside}${fence}` : `${fence} ${inside} ${fence}`;
}

/** @param rows - cells that are Markdown already; an empty one shows as a dash */
export function table(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(titles),
    line(titles.map(() => '---')),
    ...rows.map((row) => line(row.map((cell) => (cell === '' ? '–' : cell)))),
  ];
}

/** A heading with what belongs to it; nothing if nothing does. */
export function section(heading: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [heading, '', ...lines, ''];
}

export function listed(names: readonly string[]): string {
  return names.map(code).join(', ');
}

function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}

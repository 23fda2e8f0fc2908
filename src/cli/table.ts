/** Aligned columns. Cells are data: they are made printable here. */
import { printable } from './escape.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Applied to the padded cell, so that colours do not disturb the alignment. */
  readonly style?: (cell: string) => string;
}

/** @param titleStyle - applied to the line of titles; `null` leaves the line out */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  titleStyle: ((line: string) => string) | null,
): readonly string[] {
  const cells = rows.map((row) => columns.map((_, index) => printable(row[index] ?? '')));
  const widths = columns.map(({ title }, index) =>
    Math.max(
      titleStyle === null ? 0 : widthOf(title),
      ...cells.map((row) => widthOf(row[index] ?? '')),
    ),
  );
  const lineOf = (row: readonly string[], isStyled: boolean) =>
    columns
      .map(({ align, style }, index) => {
        const cell = pad(row[index] ?? '', widths[index] ?? 0, align ?? 'left');
        return isStyled && style !== undefined ? style(cell) : cell;
      })
      .join('  ')
      .trimEnd();
  const titles = columns.map(({ title }) => title);
  return [
    ...(titleStyle === null ? [] : [titleStyle(lineOf(titles, false))]),
    ...cells.map((row) => lineOf(row, true)),
  ];
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'left' ? text + space : space + text;
}

const segmenter = new Intl.Segmenter();

/** Columns the text takes, counting a grapheme as one, and as two where East Asian scripts and emoji are wide. */
function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += wide.test(segment) ? 2 : 1;
  return width;
}

const wide =
  /^[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\uff01-\uff60]/u;

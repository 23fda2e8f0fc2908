/** How wide a text is without a browser to ask: widths of Helvetica in thousandths of the font size, and some air for wider fonts. */

const widths = new Map<string, number>(
  Object.entries({
    "ijl'": 222,
    ' \u00a0!,./:;I[]ft\\|·': 278,
    '()-`r{}"': 345,
    '*^': 440,
    ckszJvxy: 500,
    '#$0123456789?L_abdeghnopqu': 556,
    '+<=>~FTZ': 605,
    '&ABEKPSVXY': 667,
    CDHNRUw: 722,
    GOQ: 778,
    'Mm%': 850,
    'W@…—': 990,
  }).flatMap(([characters, width]) => Array.from(characters).map((each) => [each, width] as const)),
);
const air = 1.08;
const boldness = 1.06;

export interface Font {
  readonly size: number;
  readonly isBold?: boolean;
}

export function widthOf(text: string, font: Font): number {
  let sum = 0;
  for (const character of text) sum += widths.get(character) ?? widthOfOther(character);
  return (sum / 1000) * font.size * air * (font.isBold === true ? boldness : 1);
}

/** East Asian letters and pictures fill a square; marks that combine take no room. */
function widthOfOther(character: string): number {
  if (/^\p{M}$/u.test(character)) return 0;
  return (character.codePointAt(0) ?? 0) >= 0x1100 ? 1000 : 620;
}

/** The text in at most `maxLines` lines of at most `maxWidth`, broken at spaces that may break; what does not fit is replaced by `…`. */
export function wrap(
  text: string,
  font: Font,
  maxWidth: number,
  maxLines: number,
): readonly string[] {
  const words = text.split(/[ \t\r\n]+/).filter((word) => word !== '');
  const lines: string[] = [];
  for (const [index, word] of words.entries()) {
    const line = lines.at(-1);
    const longer = line === undefined ? word : `${line} ${word}`;
    if (line !== undefined && widthOf(longer, font) <= maxWidth) lines[lines.length - 1] = longer;
    else if (lines.length < maxLines) lines.push(word);
    else {
      lines[lines.length - 1] = `${line} ${words.slice(index).join(' ')}`;
      break;
    }
  }
  return lines.map((line) => clip(line, font, maxWidth));
}

function clip(text: string, font: Font, maxWidth: number): string {
  if (widthOf(text, font) <= maxWidth) return text;
  const characters = Array.from(text);
  while (characters.length > 1 && widthOf(`${characters.join('')}…`, font) > maxWidth) {
    characters.pop();
  }
  return `${characters.join('').trimEnd()}…`;
}

/** Markup out of parts: every text and every value is escaped here, so that no label of a plan can become an element. */

export interface Markup {
  readonly markup: string;
}
type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Names of elements and attributes are ours; values and texts are anybody's. */
export function element(
  name: string,
  attributes: Attributes,
  ...children: readonly (Markup | string)[]
): Markup {
  const given = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`)
    .join('');
  const inside = children
    .map((child) => (typeof child === 'string' ? escapeXml(child) : child.markup))
    .join('');
  return { markup: inside === '' ? `<${name}${given}/>` : `<${name}${given}>${inside}</${name}>` };
}

export function lines(parts: readonly Markup[]): Markup {
  return { markup: parts.map((part) => `\n${part.markup}`).join('') };
}

/**
 * For text and quoted attributes. Characters that XML 1.0 forbids even as references (section 2.2) become U+FFFD.
 */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/**
 * The names of all elements and attributes of an XML document without comments and CDATA sections.
 *
 * @throws Error where it is not well formed
 */
export function wellFormed(xml: string) {
  const elements: string[] = [];
  const attributes: string[] = [];
  const open: string[] = [];
  const tag = /<(\/?)([a-z]+)((?: [\w:-]+="[^"<]*")*)(\/?)>/g;
  const isText = (text: string) =>
    /^(?:[\t\n\r\u0020-\uD7FF\uE000-\uFFFD]|[\u{10000}-\u{10FFFF}])*$/u.test(text) &&
    !/[<>]|&(?!(?:amp|lt|gt|quot|#39);)/.test(text);
  let end = 0;
  for (const match of xml.matchAll(tag)) {
    const [whole, closing, name = '', given = '', empty] = match;
    if (!isText(xml.slice(end, match.index)))
      throw new Error(`No text: ${xml.slice(end, match.index)}`);
    end = match.index + whole.length;
    if (closing === '/') {
      if (open.pop() !== name) throw new Error(`Nothing to close by ${whole}`);
      continue;
    }
    if (open.length === 0 && elements.length > 0) throw new Error(`Two roots: ${whole}`);
    elements.push(name);
    for (const [, attribute = '', value = ''] of given.matchAll(/ ([\w:-]+)="([^"]*)"/g)) {
      attributes.push(attribute);
      if (!isText(value)) throw new Error(`No value: ${value}`);
    }
    if (empty !== '/') open.push(name);
  }
  if (open.length > 0 || xml.slice(end).trim() !== '')
    throw new Error(`Not closed: ${open.join()}`);
  return { elements, attributes };
}

/** Words put on nodes of a drawing, as `new` and `changed` where two versions are compared. */

export interface Mark {
  readonly word: string;
  readonly colour: string;
}
/** By `data-node`. */
export type Marks = ReadonlyMap<string, Mark>;

const namespace = 'http://www.w3.org/2000/svg';

export function marked(svg: string, marks: Marks): string {
  if (marks.size === 0) return svg;
  const drawing = new DOMParser().parseFromString(svg, 'image/svg+xml');
  for (const [node, mark] of marks) {
    const group = drawing.querySelector(`[data-node="${CSS.escape(node)}"]`);
    const shape = group?.querySelector('rect, path, polygon');
    if (group === null || shape == null) continue;
    shape.setAttribute('stroke', mark.colour);
    shape.setAttribute('stroke-width', '3');
    const { right, top } = cornerOf(shape);
    group.append(pill(drawing, mark, right, top));
  }
  return new XMLSerializer().serializeToString(drawing);
}

function pill(drawing: Document, { word, colour }: Mark, right: number, top: number): Element {
  const width = word.length * 6.4 + 14;
  const group = drawing.createElementNS(namespace, 'g');
  const back = drawing.createElementNS(namespace, 'rect');
  const text = drawing.createElementNS(namespace, 'text');
  const set = (element: Element, attributes: Readonly<Record<string, string | number>>) => {
    for (const [name, value] of Object.entries(attributes))
      element.setAttribute(name, String(value));
  };
  set(back, { x: right - width - 6, y: top - 9, width, height: 18, rx: 9, fill: colour });
  set(text, {
    x: right - width / 2 - 6,
    y: top + 4,
    fill: '#ffffff',
    'font-size': 11,
    'font-weight': 600,
    'text-anchor': 'middle',
  });
  text.textContent = word;
  group.append(back, text);
  return group;
}

/** Upper right, in the coordinates of the group. */
function cornerOf(shape: Element): { readonly right: number; readonly top: number } {
  if (shape.tagName === 'rect') {
    return { right: numberOf(shape, 'x') + numberOf(shape, 'width'), top: numberOf(shape, 'y') };
  }
  const given = shape.getAttribute('points') ?? shape.getAttribute('d') ?? '';
  const numbers = [...given.matchAll(/-?\d+(?:\.\d+)?/g)].map(([number]) => Number(number));
  const xs = numbers.filter((_, index) => index % 2 === 0);
  const ys = numbers.filter((_, index) => index % 2 === 1);
  return { right: Math.max(0, ...xs), top: Math.min(...ys, 0) };
}

function numberOf(element: Element, name: string): number {
  return Number(element.getAttribute(name) ?? 0);
}

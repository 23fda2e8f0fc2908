/** A placed graph as an SVG document: a card that is legible in light and dark surroundings, with the reader's own fonts and no script. */
import { captionFont } from './box.ts';
import type { PlacedEdge, Placement } from './layout.ts';
import { type Legend, legendOf } from './legend.ts';
import { type Mark, markOfEdge, mostOf, noOverlay, type Overlay } from './overlay.ts';
import { paint, type Role, styleSheet, type Theme } from './palette.ts';
import { renderEdge, renderLabel } from './svg-edge.ts';
import { groundIn, renderNode, type Setting } from './svg-node.ts';
import { text } from './svg-text.ts';
import { type Font, widthOf } from './text.ts';
import { element, lines, type Markup } from './xml.ts';

/** The system's own, but first those whose widths are close to the ones the boxes are measured with. */
export const fonts =
  "-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans',Helvetica,Arial,system-ui,sans-serif";
const headingFont: Font = { size: 15, isBold: true };
const margin = 24;
const heading = 40;

const subjects = {
  steps: 'its steps and what leads to what',
  states: 'its states and what leads from one to the other',
} as const;

export function renderSvg(
  placement: Placement,
  theme: Theme = 'auto',
  overlay: Overlay = noOverlay,
): string {
  const { graph, nodes, edges } = placement;
  const words = [
    `version ${graph.version}`,
    ...(overlay.title === undefined ? [] : [overlay.title]),
  ];
  const version = words.join(' · ');
  const headingWidth = widthOf(graph.name, headingFont) + 10 + widthOf(version, captionFont);
  const legend = legendOf(graph, overlay, theme, Math.max(placement.width, headingWidth));
  const inner = Math.ceil(Math.max(placement.width, headingWidth, legend.width));
  const width = inner + 2 * margin;
  const height = Math.ceil(placement.height) + heading + 2 * margin + legend.height;
  const left = margin + Math.round((inner - placement.width) / 2);
  const setting: Setting = {
    theme,
    isRun: [...overlay.nodes.values()].some(
      ({ state, change }) => state !== undefined || change !== undefined,
    ),
    most: mostOf(overlay),
  };
  const byId = new Map(nodes.map((placed) => [placed.node.id, placed]));
  const groundOf = ({ edge }: PlacedEdge): Role => {
    const around = byId.get(byId.get(edge.from)?.node.parent ?? '');
    if (around === undefined) return 'label';
    return groundIn(around, overlay.nodes.get(around.node.id) ?? {}, setting);
  };
  const drawn = nodes.map((placed) => ({
    isOpen: placed.box.isOpen,
    markup: renderNode(placed, overlay.nodes.get(placed.node.id) ?? {}, setting),
  }));
  const parts = [
    element('rect', {
      x: 0.5,
      y: 0.5,
      width: width - 1,
      height: height - 1,
      rx: 12,
      ...paint('card', theme),
    }),
    text(
      graph.name,
      { x: margin, y: margin + 13, font: headingFont, colours: paint('ink', theme) },
      element(
        'tspan',
        { dx: 9, 'font-size': captionFont.size, 'font-weight': 400, ...paint('muted', theme) },
        version,
      ),
    ),
    element(
      'g',
      { transform: `translate(${left} ${margin + heading})` },
      lines(drawn.filter(({ isOpen }) => isOpen).map(({ markup }) => markup)),
      lines(inFront(edges, overlay).map(({ placed, mark }) => renderEdge(placed, mark, setting))),
      lines(
        edges.flatMap((placed) =>
          renderLabel(placed, markOfEdge(overlay, placed.edge), groundOf(placed), theme),
        ),
      ),
      lines(drawn.filter(({ isOpen }) => !isOpen).map(({ markup }) => markup)),
      { markup: '\n' },
    ),
    ...renderLegend(legend, height - margin),
  ];
  const style = styleSheet(theme, lines(parts).markup);
  const root = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'font-family': fonts,
  };
  const first = [
    element('title', {}, `${graph.name}, ${version}: ${subjects[graph.view]}`),
    ...(style === '' ? [] : [element('style', {}, { markup: style })]),
  ];
  return `${element('svg', root, lines([...first, ...parts]), { markup: '\n' }).markup}\n`;
}

/** What was taken lies over what was not, and what is pointed at over both. */
function inFront(edges: readonly PlacedEdge[], overlay: Overlay) {
  const rank = ({ state, isHighlighted }: Mark) => {
    if (isHighlighted === true) return 3;
    return state === undefined ? 1 : state === 'not_taken' || state === 'skipped' ? 0 : 2;
  };
  return edges
    .map((placed) => ({ placed, mark: markOfEdge(overlay, placed.edge) }))
    .sort((a, b) => rank(a.mark) - rank(b.mark));
}

function renderLegend(legend: Legend, bottom: number): readonly Markup[] {
  if (legend.parts.length === 0) return [];
  return [element('g', { transform: `translate(${margin} ${bottom})` }, ...legend.parts)];
}

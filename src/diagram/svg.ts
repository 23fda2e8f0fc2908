/** A placed graph as an SVG document: a card that is legible in light and dark surroundings, with the reader's own fonts and no script. */
import { captionFont } from './box.ts';
import type { Placement } from './layout.ts';
import { type Legend, legendOf } from './marks.ts';
import { paint, styleSheet, type Theme } from './palette.ts';
import { renderEdge, renderLabel } from './svg-edge.ts';
import { renderNode } from './svg-node.ts';
import { text } from './svg-text.ts';
import { type Font, widthOf } from './text.ts';
import { element, lines, type Markup } from './xml.ts';

/** The system's own, but first those whose widths are close to the ones the boxes are measured with. */
const fonts =
  "-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans',Helvetica,Arial,system-ui,sans-serif";
const headingFont: Font = { size: 15, isBold: true };
const margin = 24;
const heading = 40;

export function renderSvg(placement: Placement, theme: Theme = 'auto'): string {
  const { graph, nodes, edges } = placement;
  const version = `version ${graph.version}`;
  const nameWidth = widthOf(graph.name, headingFont);
  const legend = legendOf(graph, theme);
  const inner = Math.ceil(
    Math.max(placement.width, nameWidth + 10 + widthOf(version, captionFont), legend.width),
  );
  const width = inner + 2 * margin;
  const height = Math.ceil(placement.height) + heading + 2 * margin + legend.height;
  const left = margin + Math.round((inner - placement.width) / 2);
  const style = styleSheet(theme);
  const parts = [
    element('title', {}, `${graph.name}, ${version}: its steps and what leads to what`),
    ...(style === '' ? [] : [element('style', {}, { markup: style })]),
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
      lines(edges.map((edge) => renderEdge(edge, theme))),
      lines(edges.flatMap((edge) => renderLabel(edge, theme))),
      lines(nodes.map((node) => renderNode(node, theme))),
      { markup: '\n' },
    ),
    ...renderLegend(legend, height - margin),
  ];
  const root = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'font-family': fonts,
  };
  return `${element('svg', root, lines(parts), { markup: '\n' }).markup}\n`;
}

function renderLegend(legend: Legend, bottom: number): readonly Markup[] {
  if (legend.parts.length === 0) return [];
  return [element('g', { transform: `translate(${margin} ${bottom})` }, ...legend.parts)];
}

/** A simulation as an SVG document, in the manner of the drawings: how long runs take, and how queues build up. */
import { paint, styleSheet, type Theme } from '../diagram/palette.ts';
import { fonts } from '../diagram/svg.ts';
import { round, text } from '../diagram/svg-text.ts';
import { element, lines, type Markup } from '../diagram/xml.ts';
import type { PoolReport } from './pool.ts';
import type { SimulationReport } from './simulate.ts';
import { shortSpan } from './span.ts';
import type { Bin } from './statistics.ts';

const width = 760;
const margin = 24;
const inner = width - 2 * margin;
const headingHeight = 74;
const panel = { height: 196, plot: 120, top: 42 };
const headingFont = { size: 15, isBold: true };
const captionFont = { size: 11 };
const labelFont = { size: 12, isBold: true };
/** More queues than these are in the figures alone. */
const maxQueues = 4;

export function drawSimulation(report: SimulationReport, theme: Theme = 'auto'): string {
  const queues = report.queues
    .filter(({ size }) => size !== null)
    .sort((a, b) => b.meanWaitMs - a.meanWaitMs)
    .slice(0, maxQueues);
  const height = headingHeight + (1 + queues.length) * panel.height + margin;
  const parts = [
    element('rect', {
      x: 0.5,
      y: 0.5,
      width: width - 1,
      height: height - 1,
      rx: 12,
      ...paint('card', theme),
    }),
    ...heading(report, theme),
    durationPanel(report, theme),
    ...queues.map((queue, index) => queuePanel(queue, index + 1, report.overMs, theme)),
  ];
  const body = lines(parts).markup;
  const style = styleSheet(theme, body);
  const title = `${report.workflow}, version ${report.version}: ${report.runs} simulated runs`;
  const root = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'font-family': fonts,
  };
  const all = [
    element('title', {}, title),
    ...(style === '' ? [] : [element('style', {}, { markup: style })]),
    { markup: body.trimStart() },
  ];
  return `${element('svg', root, lines(all), { markup: '\n' }).markup}\n`;
}

function heading(
  { workflow, version, runs, seed, rates, duration }: SimulationReport,
  theme: Theme,
): readonly Markup[] {
  const muted = paint('muted', theme);
  const figures = [
    `half within ${shortSpan(duration.p50Ms)}`,
    `90% within ${shortSpan(duration.p90Ms)}`,
    `99% within ${shortSpan(duration.p99Ms)}`,
    ...part('complete', rates.complete),
    ...part('failed', rates.failed),
    ...part('compensated', rates.compensated),
    ...part('with an expiry', rates.expired),
    ...part('stuck', rates.stuck),
  ];
  return [
    text(
      workflow,
      { x: margin, y: margin + 13, font: headingFont, colours: paint('ink', theme) },
      element(
        'tspan',
        { dx: 9, 'font-size': captionFont.size, 'font-weight': 400, ...muted },
        `version ${version} · ${runs.toLocaleString('en')} simulated runs, seed ${seed}`,
      ),
    ),
    text(figures.join(' · '), { x: margin, y: margin + 34, font: captionFont, colours: muted }),
  ];
}

function part(what: string, rate: number): readonly string[] {
  return rate === 0 ? [] : [`${percent(rate)} ${what}`];
}

function percent(rate: number): string {
  const value = rate * 100;
  return `${value >= 10 || value === 0 ? Math.round(value) : Number(value.toPrecision(2))}%`;
}

function durationPanel({ histogram, duration }: SimulationReport, theme: Theme): Markup {
  const most = Math.max(1, ...histogram.map(({ count }) => count));
  const step = inner / Math.max(1, histogram.length);
  const bars = histogram.flatMap(({ count }, at) => {
    if (count === 0) return [];
    const high = Math.max(1, (count / most) * panel.plot);
    const box = {
      x: round(at * step),
      y: round(panel.plot - high),
      width: round(step - 1),
      height: round(high),
    };
    return [element('rect', { ...box, rx: 1.5, ...paint('tip-heat2', theme) })];
  });
  const marks = [
    ['p50', duration.p50Ms],
    ['p90', duration.p90Ms],
    ['p99', duration.p99Ms],
  ] as const;
  let lastX = Number.NEGATIVE_INFINITY;
  const rules = marks.flatMap(([name, ms]) => {
    const x = placeOf(histogram, ms) * step;
    const hasRoom = x - lastX > 30;
    if (hasRoom) lastX = x;
    return [
      element('path', {
        d: `M${round(x)} 0V${panel.plot}`,
        'stroke-width': 1,
        'stroke-dasharray': '3 3',
        ...paint('line-highlight', theme),
      }),
      ...(hasRoom
        ? [
            text(name, {
              x,
              y: -5,
              font: captionFont,
              colours: paint('tip-highlight', theme),
              anchor: 'middle',
            }),
          ]
        : []),
    ];
  });
  return frame(0, `How long runs take${isGrowing(histogram) ? ' (logarithmic)' : ''}`, theme, [
    ...bars,
    ...rules,
    ...axis(edgesOf(histogram), theme),
  ]);
}

function isGrowing(histogram: readonly Bin[]): boolean {
  const [first, last] = [histogram[0], histogram.at(-1)];
  if (first === undefined || last === undefined) return false;
  return last.toMs - last.fromMs > 2 * (first.toMs - first.fromMs);
}

/** Where a duration stands among the bins, counted from the first. */
function placeOf(histogram: readonly Bin[], ms: number): number {
  const at = histogram.findIndex(({ toMs }) => ms < toMs);
  const bin = histogram[at];
  if (bin === undefined) return histogram.length;
  return at + Math.max(0, (ms - bin.fromMs) / Math.max(1e-9, bin.toMs - bin.fromMs));
}

function edgesOf(histogram: readonly Bin[]): readonly string[] {
  return [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const at = Math.round(part * histogram.length);
    return shortSpan(histogram[at]?.fromMs ?? histogram.at(-1)?.toMs ?? 0);
  });
}

function queuePanel(queue: PoolReport, index: number, overMs: number, theme: Theme): Markup {
  const most = Math.max(1, queue.maxLength);
  const step = inner / Math.max(1, queue.series.length);
  const yOf = (length: number) => round(panel.plot - (length / most) * panel.plot);
  const outline = queue.series.map(
    ({ length }, at) => `L${round(at * step)} ${yOf(length)}H${round((at + 1) * step)}`,
  );
  const figures = [
    `${queue.size} at a time`,
    `busy ${percent(queue.utilisation ?? 0)}`,
    `wait ${shortSpan(queue.meanWaitMs)} on average, 95% within ${shortSpan(queue.p95WaitMs)}`,
    `at most ${queue.maxLength} waiting`,
  ];
  const name =
    queue.name === 'reviewers' ? 'Waiting for a reviewer' : `Waiting in queue ${queue.name}`;
  return frame(index, name, theme, [
    element('path', {
      d: `M0 ${panel.plot}${outline.join('')}V${panel.plot}Z`,
      'fill-opacity': 0.35,
      ...paint('tip-heat0', theme),
    }),
    element('path', {
      d: outline.join('').replace('L', 'M'),
      'stroke-width': 1.2,
      ...paint('line-heat0', theme),
    }),
    text(figures.join(' · '), {
      x: inner,
      y: -22,
      font: captionFont,
      colours: paint('muted', theme),
      anchor: 'end',
    }),
    text(String(most), { x: 2, y: 10, font: captionFont, colours: paint('muted', theme) }),
    ...axis(
      [0, 0.25, 0.5, 0.75, 1].map((at) => shortSpan(at * overMs)),
      theme,
    ),
  ]);
}

function frame(index: number, name: string, theme: Theme, inside: readonly Markup[]): Markup {
  const top = headingHeight + index * panel.height + panel.top;
  return element(
    'g',
    { transform: `translate(${margin} ${top})` },
    text(name, { x: 0, y: -22, font: labelFont, colours: paint('ink', theme) }),
    element('path', {
      d: `M0 ${panel.plot + 0.5}H${inner}`,
      'stroke-width': 1,
      ...paint('line-next', theme),
    }),
    lines(inside),
    { markup: '\n' },
  );
}

function axis(labels: readonly string[], theme: Theme): readonly Markup[] {
  return labels.map((label, at) =>
    text(label, {
      x: (at / (labels.length - 1)) * inner,
      y: panel.plot + 16,
      font: captionFont,
      colours: paint('muted', theme),
      anchor: at === 0 ? 'start' : at === labels.length - 1 ? 'end' : 'middle',
    }),
  );
}

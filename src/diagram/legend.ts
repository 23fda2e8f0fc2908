/** The legend: only the signs that occur, in as many rows as they need. */
import { captionFont } from './box.ts';
import type { Graph, GraphNode } from './graph.ts';
import { badgeSize, changeMark, markOf, stateMark, wordWidth } from './marks.ts';
import type { Change, Overlay, PartState } from './overlay.ts';
import { paint, type Theme, type Tone } from './palette.ts';
import { dashesOf, widthOfTone } from './svg-edge.ts';
import { text } from './svg-text.ts';
import { widthOf } from './text.ts';
import { element, type Markup } from './xml.ts';

interface Entry {
  /** Drawn from x on, on the line of the words. */
  readonly sign: (x: number) => Markup;
  readonly width: number;
  readonly words: string;
}

export interface Legend {
  readonly parts: readonly Markup[];
  readonly width: number;
  readonly height: number;
}

const rowHeight = 24;
const gap = 18;

/** @param room - width of the drawing above it */
export function legendOf(graph: Graph, overlay: Overlay, theme: Theme, room: number): Legend {
  const rows: { readonly entries: Entry[]; width: number }[] = [];
  for (const entry of entriesOf(graph, overlay, theme)) {
    const width = entry.width + 6 + Math.ceil(widthOf(entry.words, captionFont));
    const row = rows.at(-1);
    if (row !== undefined && row.width + gap + width <= Math.max(room, 360)) {
      row.entries.push(entry);
      row.width += gap + width;
    } else rows.push({ entries: [entry], width });
  }
  const parts = rows.flatMap(({ entries }, index) =>
    rowOf(entries, (index - rows.length + 1) * rowHeight, theme),
  );
  return {
    parts,
    width: Math.max(0, ...rows.map(({ width }) => width)),
    height: rows.length === 0 ? 0 : 12 + rows.length * rowHeight,
  };
}

function rowOf(entries: readonly Entry[], y: number, theme: Theme): readonly Markup[] {
  const parts: Markup[] = [];
  let x = 0;
  for (const { sign, width, words } of entries) {
    const at = { x: x + width + 6, y: 0, font: captionFont };
    parts.push(sign(x), text(words, { ...at, colours: paint('muted', theme) }));
    x += width + 6 + Math.ceil(widthOf(words, captionFont)) + gap;
  }
  return [element('g', { transform: `translate(0 ${y})` }, ...parts)];
}

const stateWords: Readonly<Record<PartState, string>> = {
  done: 'done',
  current: 'running now',
  waiting: 'waiting',
  failed: 'failed',
  skipped: 'skipped',
  not_taken: 'not taken',
  undone: 'undone',
};

const changes: readonly Change[] = ['added', 'removed', 'changed'];

function entriesOf(graph: Graph, overlay: Overlay, theme: Theme): readonly Entry[] {
  const { nodes } = graph;
  const marks = [...overlay.nodes.values(), ...overlay.edges.values()];
  const states = (Object.keys(stateWords) as PartState[]).filter((state) =>
    nodes.some(({ id, kind }) => kind !== 'end' && overlay.nodes.get(id)?.state === state),
  );
  const entries: (Entry | false)[] = [
    ...states.map((state) => ({
      sign: (x: number) => stateMark(state, x + 9, -4, theme),
      width: badgeSize,
      words: stateWords[state],
    })),
    ...changes
      .filter((change) => marks.some((mark) => mark.change === change))
      .map((change) => ({
        sign: (x: number) =>
          element(
            'g',
            {},
            changeMark(change, x + 9, -4, theme),
            stroke(x + badgeSize + 3, change, theme),
          ),
        width: badgeSize + 25,
        words: change,
      })),
    marks.some(({ change }) => change !== undefined) && {
      sign: (x) => stroke(x, 'next', theme),
      width: 22,
      words: 'as before',
    },
    marks.some(({ isHighlighted }) => isHighlighted === true) && {
      sign: (x) => stroke(x, 'highlight', theme, 4),
      width: 22,
      words: 'the path pointed at',
    },
    ...(marks.some(({ count }) => count !== undefined)
      ? ([
          { sign: (x) => stroke(x, 'heat1', theme, 2), width: 22, words: 'seldom' },
          { sign: (x) => stroke(x, 'heat4', theme, 4), width: 22, words: 'often' },
          { sign: (x) => stroke(x, 'heat0', theme, 2), width: 22, words: 'never' },
        ] satisfies Entry[])
      : []),
    has(nodes, 'undoable') && {
      sign: (x) => markOf('undoable', x + badgeSize, -4, theme),
      width: badgeSize,
      words: graph.isUndoneOnFailure ? 'undone if the run fails' : 'can be undone',
    },
    has(nodes, 'irreversible') && {
      sign: (x) => markOf('irreversible', x + wordWidth, -4, theme),
      width: wordWidth,
      words: 'cannot be undone',
    },
    nodes.some(({ condition }) => condition !== null) && {
      sign: (x) => dashes(x, theme),
      width: 20,
      words: 'skipped unless its condition holds',
    },
    graph.view === 'states' && {
      sign: (x) => element('circle', { cx: x + 5, cy: -4, r: 4, ...paint('dot', theme) }),
      width: 10,
      words: 'begins here',
    },
    marks.every(
      ({ state, count, change }) =>
        state === undefined && count === undefined && change === undefined,
    ) &&
      graph.edges.some(({ kind, isHidden }) => kind === 'failure' && !isHidden) && {
        sign: (x) => stroke(x, 'failure', theme, 2),
        width: 22,
        words: 'the run fails or is cancelled',
      },
  ];
  return entries.filter((entry) => entry !== false);
}

function has(nodes: readonly GraphNode[], undo: GraphNode['undo']): boolean {
  return nodes.some((node) => node.undo === undo);
}

function stroke(x: number, tone: Tone, theme: Theme, width = widthOfTone(tone)): Markup {
  return element('path', {
    d: `M${x} -4h22`,
    'stroke-width': width,
    'stroke-dasharray': dashesOf(tone),
    ...paint(`line-${tone}`, theme),
  });
}

function dashes(x: number, theme: Theme): Markup {
  return element('rect', {
    x: x + 0.5,
    y: -10.5,
    width: 19,
    height: 13,
    rx: 4,
    'stroke-dasharray': '4 2.5',
    ...paint('task', theme),
  });
}

/** Colours by role, for light and dark surroundings. */
import type { GraphNodeKind } from './graph.ts';

/** `auto` follows the reader's system; programs that know no style sheets show it light. */
export type Theme = 'auto' | 'light' | 'dark';
type Role =
  | 'card'
  | 'ink'
  | 'muted'
  | 'edge'
  | 'arrow'
  | 'label'
  | 'mark'
  | 'warning'
  | GraphNodeKind
  | `${GraphNodeKind}-icon`;

interface Paint {
  readonly fill: string;
  readonly stroke?: string;
}

const hues = {
  //          light: fill, line, icon             dark: fill, line, icon
  slate: ['#ffffff', '#b6c2d1', '#4a6a8f', '#1c2531', '#46566b', '#8fb1d8'],
  amber: ['#fff8ea', '#dfb662', '#a06a00', '#2b2417', '#8a6a2c', '#e8bd62'],
  teal: ['#eefaf8', '#7fc4ba', '#0f766e', '#14292a', '#2f7a74', '#5fd0c3'],
  violet: ['#f7f4ff', '#b9a8e6', '#6a4fc0', '#231f36', '#6655a3', '#b6a2f5'],
  blue: ['#f1f7ff', '#9cbfe8', '#2563ae', '#172638', '#3d6699', '#7fb5f2'],
  red: ['#fff3f2', '#e5a29c', '#b3362b', '#301b1c', '#94483f', '#f2938a'],
  green: ['#eefaf1', '#8cc9a0', '#1c7a3e', '#15291d', '#3a7a51', '#72d397'],
} as const;

const hueOf: Readonly<Record<GraphNodeKind, keyof typeof hues>> = {
  start: 'green',
  task: 'slate',
  review: 'amber',
  wait: 'teal',
  sleep: 'violet',
  child: 'blue',
  map: 'blue',
  emit: 'teal',
  fail: 'red',
  closing: 'amber',
  complete: 'green',
};

const paints = new Map<string, { readonly light: Paint; readonly dark: Paint }>([
  ['card', pair(['#fafbfc', '#dfe5ec'], ['#11161d', '#2a333f'])],
  ['ink', pair(['#1c2733'], ['#e6ebf2'])],
  ['muted', pair(['#566577'], ['#9fadbf'])],
  ['edge', pair(['none', '#8795a6'], ['none', '#6d7d91'])],
  ['arrow', pair(['#8795a6'], ['#6d7d91'])],
  ['label', pair(['#fafbfc'], ['#11161d'])],
  ['mark', pair(['#ffffff', '#8795a6'], ['#1c2531', '#6d7d91'])],
  ['warning', pair(['#fff3f2', '#e5a29c'], ['#301b1c', '#94483f'])],
]);
for (const [kind, hue] of Object.entries(hueOf)) {
  const [fill, line, icon, darkFill, darkLine, darkIcon] = hues[hue];
  paints.set(kind, pair([fill, line], [darkFill, darkLine]));
  paints.set(`${kind}-icon`, pair(['none', icon], ['none', darkIcon]));
}

function pair(light: readonly string[], dark: readonly string[]) {
  const paint = ([fill = 'none', stroke]: readonly string[]): Paint =>
    stroke === undefined ? { fill } : { fill, stroke };
  return { light: paint(light), dark: paint(dark) };
}

/** Attributes of an element. */
export function paint(role: Role, theme: Theme): Readonly<Record<string, string>> {
  const colours = paints.get(role)?.[theme === 'dark' ? 'dark' : 'light'];
  return { ...(theme === 'auto' && { class: `sb-${role}` }), ...colours };
}

/** What a style sheet must add to the attributes for the theme; empty if nothing. */
export function styleSheet(theme: Theme): string {
  if (theme !== 'auto') return '';
  const rules = [...paints].map(
    ([
      role,
      {
        dark: { fill, stroke },
      },
    ]) => {
      const line = stroke === undefined ? '' : `;stroke:${stroke}`;
      return `.sb-${role}{fill:${fill}${line}}`;
    },
  );
  return `@media (prefers-color-scheme:dark){${rules.join('')}}`;
}

/** Colours by role, for light and dark surroundings. */
import type { GraphNodeKind } from './graph.ts';
import type { Change, PartState } from './overlay.ts';

/** `auto` follows the reader's system; programs that know no style sheets show it light. */
export type Theme = 'auto' | 'light' | 'dark';

/** Of arrows. `faded`: not taken; `heat0` to `heat4`: never to most often. */
export type Tone = 'next' | 'failure' | 'done' | 'faded' | 'highlight' | Change | Heat;
export type Heat = 'heat0' | 'heat1' | 'heat2' | 'heat3' | 'heat4';

export type Role =
  | 'card'
  | 'ink'
  | 'muted'
  | 'label'
  | 'mark'
  | 'warning'
  | 'glyph'
  | 'dot'
  | 'plain'
  | 'plain-icon'
  | `line-${Tone}`
  | `tip-${Tone}`
  | 'text-failure'
  | `badge-${PartState | Heat}`
  | PartState
  | `${PartState}-icon`
  | `${'open' | 'label'}-${GraphNodeKind | PartState}`
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
  grey: ['#f6f8fa', '#c3ccd6', '#5c6b7c', '#171d25', '#3d4856', '#94a3b5'],
} as const;
type Hue = keyof typeof hues;

const hueOf: Readonly<Record<GraphNodeKind, Hue>> = {
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
  failed: 'red',
  cancelled: 'grey',
  notice: 'red',
  pending: 'slate',
  processing: 'blue',
  compensating: 'violet',
  stage: 'grey',
  region: 'grey',
  state: 'slate',
  end: 'slate',
};

/** Solid enough that white is legible on them in either surrounding. */
const solid = {
  done: '#1f8a4c',
  current: '#2468d6',
  waiting: '#b26a00',
  failed: '#c93a2e',
  skipped: '#6b7a8c',
  not_taken: '#8a97a6',
  undone: '#7450c8',
} as const satisfies Readonly<Record<PartState, string>>;

const stateHues: Readonly<Record<PartState, readonly string[]>> = {
  //          light: fill, line                          dark: fill, line
  done: ['#eefaf1', '#4fae74', '#1c7a3e', '#15291d', '#3f9a62', '#72d397'],
  current: ['#eaf2ff', '#2f74e0', '#2563ae', '#152743', '#4a8cf0', '#7fb5f2'],
  waiting: ['#fff6e2', '#d99a2b', '#a06a00', '#2e2512', '#c98d2a', '#e8bd62'],
  failed: ['#fff0ee', '#d8574b', '#b3362b', '#341a1a', '#d0584c', '#f2938a'],
  skipped: ['#f4f6f8', '#c3ccd6', '#7c8a9a', '#161c24', '#3a4553', '#7d8b9c'],
  not_taken: ['#fafbfc', '#d5dce4', '#9aa6b3', '#121820', '#2d3743', '#647182'],
  undone: ['#f6f1ff', '#9a7fe0', '#6a4fc0', '#241d3a', '#7d63c9', '#b6a2f5'],
};

//                         light      dark
const tones: Readonly<Record<Tone, readonly [string, string]>> = {
  next: ['#8795a6', '#6d7d91'],
  failure: ['#cf8b85', '#9a5a54'],
  done: ['#3f9d66', '#4caf78'],
  faded: ['#d3dae2', '#303b48'],
  highlight: ['#d6187f', '#ff5fb0'],
  added: ['#2f9a5b', '#4caf78'],
  removed: ['#d8574b', '#e0685c'],
  changed: ['#c47f12', '#e0a94a'],
  heat0: ['#d9822b', '#e0954a'],
  heat1: ['#9ec5ee', '#2f5f95'],
  heat2: ['#5d9fe3', '#3f80c9'],
  heat3: ['#2f7ad1', '#5a9ff0'],
  heat4: ['#164f9e', '#8ec2ff'],
};

const paints = new Map<Role, { readonly light: Paint; readonly dark: Paint }>([
  ['card', pair(['#fafbfc', '#dfe5ec'], ['#11161d', '#2a333f'])],
  ['ink', pair(['#1c2733'], ['#e6ebf2'])],
  ['muted', pair(['#566577'], ['#9fadbf'])],
  ['label', pair(['#fafbfc'], ['#11161d'])],
  ['mark', pair(['#ffffff', '#8795a6'], ['#1c2531', '#6d7d91'])],
  ['warning', pair(['#fff3f2', '#e5a29c'], ['#301b1c', '#94483f'])],
  ['glyph', pair(['none', '#ffffff'], ['none', '#ffffff'])],
  ['dot', pair(['#566577'], ['#9fadbf'])],
  ['plain', pair(['#ffffff', '#c3ccd6'], ['#1a212b', '#3d4856'])],
  ['plain-icon', pair(['none', '#7c8a9a'], ['none', '#8292a5'])],
]);
for (const [kind, hue] of Object.entries(hueOf) as [GraphNodeKind, Hue][]) {
  const [fill, line, icon, darkFill, darkLine, darkIcon] = hues[hue];
  paints.set(kind, pair([fill, line], [darkFill, darkLine]));
  paints.set(`${kind}-icon`, pair(['none', icon], ['none', darkIcon]));
  // A box that holds others lets them stand out.
  paints.set(
    `open-${kind}`,
    pair(
      [hue === 'slate' ? '#f5f7fa' : fill, line],
      [hue === 'slate' ? '#161d26' : darkFill, darkLine],
    ),
  );
}
for (const [state, colours] of Object.entries(stateHues) as [PartState, readonly string[]][]) {
  const [fill = '', line = '', icon = '', darkFill = '', darkLine = '', darkIcon = ''] = colours;
  paints.set(state, pair([fill, line], [darkFill, darkLine]));
  paints.set(`${state}-icon`, pair(['none', icon], ['none', darkIcon]));
  paints.set(`open-${state}`, pair(['#fafbfc', line], ['#131920', darkLine]));
  paints.set(`badge-${state}`, pair([solid[state]], [solid[state]]));
}
for (const [tone, [light, dark]] of Object.entries(tones) as [Tone, readonly [string, string]][]) {
  paints.set(`line-${tone}`, pair(['none', light], ['none', dark]));
  paints.set(`tip-${tone}`, pair([light], [dark]));
}
paints.set('text-failure', pair(['#a8443a'], ['#e39a92']));
for (const heat of ['heat0', 'heat1', 'heat2', 'heat3', 'heat4'] as const)
  paints.set(
    `badge-${heat}`,
    pair([heat === 'heat0' ? '#b4620f' : '#1f5fb0'], [heat === 'heat0' ? '#b4620f' : '#1f5fb0']),
  );

function pair(light: readonly string[], dark: readonly string[]) {
  const paint = ([fill = 'none', stroke]: readonly string[]): Paint =>
    stroke === undefined ? { fill } : { fill, stroke };
  return { light: paint(light), dark: paint(dark) };
}

// What is written on an arrow interrupts it with the colour of what it lies on.
for (const [role, { light, dark }] of Array.from(paints))
  if (role.startsWith('open-'))
    paints.set(`label-${role.slice(5)}` as Role, pair([light.fill], [dark.fill]));

/** Attributes of an element. */
export function paint(role: Role, theme: Theme): Readonly<Record<string, string>> {
  const colours = paints.get(role)?.[theme === 'dark' ? 'dark' : 'light'];
  return { ...(theme === 'auto' && { class: `sb-${role}` }), ...colours };
}

/** What a style sheet must add to the attributes of a document for the theme; empty if nothing. */
export function styleSheet(theme: Theme, document: string): string {
  if (theme !== 'auto') return '';
  const rules = [...paints]
    .filter(([role]) => document.includes(`"sb-${role}"`))
    .map(([role, { dark }]) => {
      const line = dark.stroke === undefined ? '' : `;stroke:${dark.stroke}`;
      return `.sb-${role}{fill:${dark.fill}${line}}`;
    });
  return `@media (prefers-color-scheme:dark){${rules.join('')}}`;
}

/** docs/mission.md claims nothing that does not exist: every item is there, every test it names is one, every page and heading as well. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const page = new URL('../../docs/mission.md', import.meta.url);
const items = 263;
const reasons = ['scale', 'isolation'];

interface Row {
  readonly id: string;
  readonly item: string;
  readonly links: readonly { readonly text: string; readonly target: string }[];
  readonly state: string;
}

const rows = rowsOf(readFileSync(page, 'utf8'));

describe('docs/mission.md', () => {
  it('has every item once, in order', () => {
    const all = Array.from({ length: items }, (_, index) => `M${`${index + 1}`.padStart(3, '0')}`);

    expect(rows.map(({ id }) => id)).toEqual(all);
    expect(rows.filter(({ item }) => item === '')).toEqual([]);
  });

  it('shows every item, or says in a word what it waits for', () => {
    const states = new Set(['shown', ...reasons.map((reason) => `open: ${reason}`)]);

    expect(rows.filter(({ state }) => !states.has(state))).toEqual([]);
    expect(rows.filter(({ state, links }) => state === 'shown' && links.length === 0)).toEqual([]);
  });

  it('names tests that exist, with their file and full name', () => {
    expect(faults(rows, ({ target }) => target.startsWith('../test/'), testFault)).toEqual([]);
  });

  it('links to pages and headings that exist', () => {
    expect(faults(rows, ({ target }) => !target.startsWith('../test/'), pageFault)).toEqual([]);
  });

  it('would be found out if it named a test, a page or a heading that is not there', () => {
    const real = {
      text: 'mission › has every item once, in order',
      target: '../test/docs/mission.test.ts',
    };

    expect(testFault(real)).toBeNull();
    expect(testFault({ ...real, text: 'mission › has every item twice' })).toContain('no test');
    expect(testFault({ ...real, target: '../test/docs/nowhere.test.ts' })).toContain('no file');
    expect(pageFault({ text: '', target: 'concepts.md#steps' })).toBeNull();
    expect(pageFault({ text: '', target: 'concepts.md#nothing' })).toContain('no heading');
    expect(pageFault({ text: '', target: 'nowhere.md' })).toContain('no file');
  });
});

type Link = Row['links'][number];

function faults(
  all: readonly Row[],
  concerns: (link: Link) => boolean,
  faultOf: (link: Link) => string | null,
): readonly string[] {
  const links = all.flatMap(({ id, links }) => links.map((link) => ({ id, link })));
  const judged = links.filter(({ link }) => concerns(link));
  expect(judged.length).toBeGreaterThan(10);
  return judged.flatMap(({ id, link }) => {
    const fault = faultOf(link);
    return fault === null ? [] : [`${id}: ${fault}`];
  });
}

/** A name is a test if the file has it as the first argument of a call, as `it('name', …)` and `it.each(…)('name', …)` do. */
function testFault({ text, target }: Link): string | null {
  const file = new URL(target, page);
  if (!/\.test(-d)?\.ts$/.test(target) || !existsSync(file)) return `no file ${target}`;
  const name = text.slice(text.indexOf(' › ') + 3);
  const source = readFileSync(file, 'utf8');
  const quoted = ["'", '"', '`'].map((quote) => `${quote}${name}${quote},`);
  const isCalled = quoted.some((literal) => {
    const at = source.indexOf(literal);
    return at > 0 && source.slice(0, at).trimEnd().endsWith('(');
  });
  return isCalled ? null : `no test "${name}" in ${target}`;
}

function pageFault({ target }: Link): string | null {
  const [path = '', anchor] = target.split('#');
  const file = new URL(path, page);
  if (!existsSync(file)) return `no file ${path}`;
  if (anchor === undefined) return null;
  const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map((match) =>
    anchorOf(match[1] ?? ''),
  );
  return headings.includes(anchor) ? null : `no heading #${anchor} in ${path}`;
}

/** As GitHub makes it: lower case, without punctuation, spaces as hyphens. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

function rowsOf(markdown: string): readonly Row[] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('| M'))
    .map((line) => {
      const [id = '', item = '', shown = '', state = ''] = line
        .split(/(?<!\\)\|/)
        .slice(1)
        .map((cell) => cell.trim());
      const links = [...shown.matchAll(/\[((?:\\.|[^\]\\])+)\]\(([^)\s]+)\)/g)].map((match) => ({
        text: (match[1] ?? '').replace(/\\([\\|[\]])/g, '$1'),
        target: match[2] ?? '',
      }));
      return { id, item, links, state };
    });
}

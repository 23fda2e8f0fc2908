import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const entries = [
  'draw',
  'dot',
  'mermaid',
  'machine-config',
  'run-overlay',
  'highlight',
  'process-page',
];

/** Packages that a file imports, itself or through others; types do not count. */
function packagesOf(entry: URL, seen = new Set<string>()): ReadonlySet<string> {
  const packages = new Set<string>();
  if (seen.has(entry.href)) return packages;
  seen.add(entry.href);
  const source = readFileSync(entry, 'utf8');
  for (const [, names = '', from = ''] of source.matchAll(/^import ([^;]*?) from '([^']+)';/gms)) {
    if (names.startsWith('type ')) continue;
    if (!from.startsWith('.')) packages.add(from);
    else for (const name of packagesOf(new URL(from, entry), seen)) packages.add(name);
  }
  return packages;
}

describe('drawing', () => {
  it.each(entries)('runs in a browser as well: nothing of Node is behind %s', (name) => {
    const packages = packagesOf(new URL(`../../src/diagram/${name}.ts`, import.meta.url));

    expect([...packages].filter((each) => each.startsWith('node:'))).toEqual([]);
  });

  it('would be found out if it did', () => {
    const packages = packagesOf(new URL('../../src/adapters/canvas/index.ts', import.meta.url));

    expect([...packages]).toContain('node:fs/promises');
  });
});

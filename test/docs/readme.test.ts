import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { incidentResponse } from '../../machines/incident-response/workflow.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

describe('README.md', () => {
  it('shows a run and the statechart of the workflow that it runs', () => {
    const shown = [
      ...readme.matchAll(/<!-- diagram:[\w.-]+ -->\n!\[[^\]]+\]\(([^)]+)\)\n<!-- \/diagram -->/g),
    ].map((match) => match[1]);

    expect(shown).toEqual([
      'docs/diagrams/run.svg',
      `docs/processes/${incidentResponse.name}.states.svg`,
    ]);
  });

  it('links to documents that exist', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1] ?? '');

    const missing = links.filter((link) => !existsSync(new URL(`../../${link}`, import.meta.url)));

    expect(missing).toEqual([]);
    expect(links.length).toBeGreaterThan(5);
  });
});

describe('the pages of docs', () => {
  it('link to documents that exist', () => {
    const docs = new URL('../../docs/', import.meta.url);
    const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => new URL(name, docs));

    const missing = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)]
        .filter((match) => !existsSync(new URL(match[1] ?? '', page)))
        .map((match) => `${page.pathname.split('/docs/').at(-1)}: ${match[1]}`),
    );

    expect(missing).toEqual([]);
    expect(pages.length).toBeGreaterThan(20);
  });
});

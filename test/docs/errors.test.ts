import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../src/errors.ts';

describe('docs/errors.md', () => {
  it('has one heading for every error code, and none besides', () => {
    const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

    const headings = [...text.matchAll(/^## ([A-Z_]+)$/gm)].map((match) => match[1]);

    expect(new Set(headings)).toEqual(new Set(errorCodes));
    expect(headings.length).toBe(errorCodes.length);
  });
});

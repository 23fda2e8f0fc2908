import { describe, expect, it } from 'vitest';
import { widthOf, wrap } from '../../src/diagram/text.ts';

const font = { size: 10 };

describe('the width of a text', () => {
  it('grows with size, weight and letters', () => {
    expect(widthOf('', font)).toBe(0);
    expect(widthOf('mm', font)).toBeGreaterThan(widthOf('ii', font));
    expect(widthOf('m', { size: 20 })).toBeCloseTo(2 * widthOf('m', font));
    expect(widthOf('m', { size: 10, isBold: true })).toBeGreaterThan(widthOf('m', font));
  });

  it('gives letters of East Asia and pictures a square, and marks that combine nothing', () => {
    expect(widthOf('語', font)).toBeGreaterThanOrEqual(10);
    expect(widthOf('🚂', font)).toBe(widthOf('語', font));
    expect(widthOf('e\u0301', font)).toBe(widthOf('e', font));
  });
});

describe('wrapping', () => {
  it('breaks between words, but not at a space that holds together', () => {
    expect(wrap('one two within\u00a03d', font, widthOf('one two ', font), 3)).toHaveLength(2);
    expect(wrap('one two within\u00a03d', font, 60, 3).at(-1)).toContain('within\u00a03d');
  });

  it('cuts what does not fit, within the width, never through a character', () => {
    const lines = wrap(`one two ${'🚂'.repeat(40)} four five`, font, 50, 2);

    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^(?:🚂)+…$/u);
    for (const line of lines) expect(widthOf(line, font)).toBeLessThanOrEqual(50);
  });

  it('gives no line for no text', () => {
    expect(wrap(' \n ', font, 50, 2)).toEqual([]);
  });
});

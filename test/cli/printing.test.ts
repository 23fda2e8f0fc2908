import { describe, expect, it } from 'vitest';
import { printable, toJsonText } from '../../src/cli/escape.ts';
import { localTime, shellWord, span, valueLines } from '../../src/cli/format.ts';
import { table } from '../../src/cli/table.ts';

describe('printing', () => {
  it('shows control characters and marks that reorder text', () => {
    expect(printable('a\nb\tc\u001b]0;x\u0007\u0085\u202e!')).toBe(
      'a\\nb\\tc\\u001b]0;x\\u0007\\u0085\\u202e!',
    );
    expect(printable('Grüße, 你好 👩‍👧')).toBe('Grüße, 你好 👩‍👧');
  });

  it('writes JSON that is safe to look at and reads back the same', () => {
    const value = { text: 'a\n\u009b\u2028\u202e', list: [1, null] };

    const text = toJsonText(value);

    expect(text).toContain('"a\\n\\u009b\\u2028\\u202e"');
    expect(JSON.parse(text)).toEqual(value);
    expect(toJsonText(undefined)).toBe('null');
  });

  it('puts values on lines', () => {
    const value = { name: 'Ann', tags: ['a', { deep: true }], note: 'one\ntwo', none: null };

    expect(valueLines(value)).toEqual([
      'name  Ann',
      'tags  - a',
      '      - deep  true',
      'note  one',
      '      two',
      'none  (nothing)',
    ]);
  });

  it('aligns columns, wide characters and colours included', () => {
    const columns = [
      { title: 'NAME', style: (cell: string) => `<${cell}>` },
      { title: 'N', align: 'right' as const },
      { title: '' },
    ];

    const lines = table(
      columns,
      [
        ['你好', '1', 'x\n'],
        ['ab', '22', ''],
      ],
      (line) => line,
    );

    expect(lines).toEqual(['NAME   N', '<你好>   1  x\\n', '<ab  >  22']);
  });

  it('names spans and local times', () => {
    const day = 86_400_000;
    expect([0, 999, 61_000, day * 2.5, day - 20, day * 3 - 20].map(span)).toEqual([
      '0 ms',
      '999 ms',
      '1 min',
      '2 d',
      '24 h',
      '3 d',
    ]);
    expect(localTime(0)).toMatch(/^(1970-01-01|1969-12-31)T\d\d:\d\d:00[+-]\d\d:\d\d$/);
    expect(new Date(localTime(1_000_000)).getTime()).toBe(1_000_000);
  });

  it('quotes what a shell would take apart', () => {
    expect(['lowdb:.signalbox', 'a b', `it's`, '{"a":1}', '*'].map(shellWord)).toEqual([
      'lowdb:.signalbox',
      `'a b'`,
      `'it'\\''s'`,
      `'{"a":1}'`,
      `'*'`,
    ]);
  });
});

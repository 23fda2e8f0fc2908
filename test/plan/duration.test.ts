import { describe, expect, it } from 'vitest';
import { maxDurationMs, parseDuration } from '../../src/plan/duration.ts';

describe('a duration', () => {
  it.each([
    ['0s', 0],
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5s', 1_500],
    ['1.1s', 1_100],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['365d', 31_536_000_000],
    ['36500d', maxDurationMs],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    's',
    '5',
    '-5s',
    '+5s',
    '5 s',
    ' 5s',
    '5S',
    '1e3s',
    '.5s',
    '5.s',
    '0.5ms',
    'NaNs',
    'Infinityd',
    '0x1s',
    '36501d',
    '5s5s',
    '٣s',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  it('G-02: is refused however long the text, which a pattern that backtracks would never be', () => {
    expect(parseDuration(`${'1'.repeat(2_000_000)}s`)).toBeNull();
  });
});

import { describe, expect, it } from 'vitest';
import { durationInWords } from '../../src/dashboard/parts/duration.ts';

describe('durations in words', () => {
  it.each([
    [80, '80 ms'],
    [1_400, '1.4 s'],
    [59_000, '59 s'],
    [90_000, '1 min 30 s'],
    [37 * 60_000, '37 min'],
    [86_400_000 - 2_000, '24 h'],
    [5 * 86_400_000 - 90_000, '5 d'],
    [2 * 86_400_000 + 4 * 3_600_000, '2 d 4 h'],
  ])('%d ms are %s', (ms, words) => {
    expect(durationInWords(ms)).toBe(words);
  });
});

import { describe, expect, it } from 'vitest';
import { failureOfStatus } from '../../src/definition/index.ts';
import { PermanentError, TransientError } from '../../src/errors.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');

describe('the failure of an HTTP status', () => {
  it.each([408, 425, 429, 500, 502, 503, 504, 599])('M165: %i is transient', (status) => {
    expect(failureOfStatus(status)).toBeInstanceOf(TransientError);
  });

  it.each([400, 401, 403, 404, 409, 410, 422, 451, 300, 200, 600, Number.NaN])(
    'M165: %d is permanent',
    (status) => {
      const failure = failureOfStatus(status);

      expect(failure).toBeInstanceOf(PermanentError);
      expect(failure).not.toBeInstanceOf(TransientError);
    },
  );

  it('says what it is told, or names the status', () => {
    expect(failureOfStatus(503).message).toBe('HTTP status 503');
    expect(failureOfStatus(503, '').message).toBe('HTTP status 503');
    expect(failureOfStatus(404, 'No such order').message).toBe('No such order');
  });

  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Thu, 01 Jan 2026 00:02:00 GMT', 120_000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['soon', undefined],
    ['-5', undefined],
    ['1e9', undefined],
    ['9'.repeat(1000), undefined],
    ['2026-01-01', undefined],
    [null, undefined],
  ])('waits as Retry-After %j asks', (retryAfter, retryAfterMs) => {
    expect(failureOfStatus(429, undefined, { retryAfter, nowMs })).toMatchObject({ retryAfterMs });
  });

  it('ignores a date without knowing the time', () => {
    expect(
      failureOfStatus(429, undefined, { retryAfter: 'Thu, 01 Jan 2026 00:02:00 GMT' }),
    ).toMatchObject({ retryAfterMs: undefined });
  });
});

/** How often somebody may present a wrong credential. */
import { SignalboxError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { networkOf } from '../http/network.ts';

export interface Attempts {
  /** @throws SignalboxError `TOO_MANY_ATTEMPTS` with `details.retryAfterMs` */
  check(ip: string): void;
  failed(ip: string): void;
}

const windowMs = 60_000;
/** In a window, from one address. */
const maxFailures = 20;
/** Addresses remembered; the oldest are forgotten first. */
const maxAddresses = 10_000;

/** Right credentials of an address wait as well once it has failed too often: before the comparison nobody can tell them apart. */
export function createAttempts(clock: Pick<Clock, 'nowMs'>): Attempts {
  const failures = new Map<string, { count: number; readonly endMs: number }>();

  function current(ip: string) {
    const known = failures.get(networkOf(ip));
    return known !== undefined && clock.nowMs() < known.endMs ? known : null;
  }

  return {
    check(ip) {
      const known = current(ip);
      if (known === null || known.count < maxFailures) return;
      throw new SignalboxError('TOO_MANY_ATTEMPTS', 'Too many wrong credentials from one address', {
        details: { retryAfterMs: known.endMs - clock.nowMs() },
        hint: 'Wait a minute, then use a token that holds',
      });
    },
    failed(ip) {
      const known = current(ip);
      if (known !== null) {
        known.count += 1;
        return;
      }
      const key = networkOf(ip);
      failures.delete(key);
      failures.set(key, { count: 1, endMs: clock.nowMs() + windowMs });
      const [oldest] = failures.keys();
      if (failures.size > maxAddresses && oldest !== undefined) failures.delete(oldest);
    },
  };
}

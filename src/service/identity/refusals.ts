/** Refused calls stand in the audit log, but whoever floods the service with them must not fill its disk. */
import { SignalboxError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Audit } from '../audit/audit.ts';

export interface RefusedCall {
  /** `anonymous` if nobody is known. */
  readonly actor: string;
  readonly method: string;
  /** Without the query, which may hold secrets. */
  readonly path: string;
  readonly ip: string;
  readonly error: unknown;
}

export interface Refusals {
  note(call: RefusedCall): Promise<void>;
}

const windowMs = 60_000;
/** Kept in a window of one actor at one address, and of all of them. */
const maxOfOne = 20;
const maxOfAll = 500;
const maxPath = 300;

export function createRefusals({
  audit,
  clock,
}: {
  readonly audit: Pick<Audit, 'record'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}): Refusals {
  let startMs = Number.NEGATIVE_INFINITY;
  let all = 0;
  let left = 0;
  const counts = new Map<string, number>();

  async function turn(nowMs: number): Promise<void> {
    if (nowMs - startMs < windowMs) return;
    const omitted = left;
    startMs = nowMs;
    all = 0;
    left = 0;
    counts.clear();
    if (omitted === 0) return;
    await audit.record({ name: 'signalbox' }, 'call.refused', 'service', { omitted }, 'refused');
  }

  return {
    async note({ actor, method, path, ip, error }) {
      if (!(error instanceof SignalboxError)) return;
      await turn(clock.nowMs());
      const who = `${ip} ${actor}`;
      const count = counts.get(who) ?? 0;
      if (count >= maxOfOne || all >= maxOfAll) {
        left += 1;
        return;
      }
      counts.set(who, count + 1);
      all += 1;
      const subject = `${method} ${path.slice(0, maxPath)}`;
      const { code } = error;
      await audit.record({ name: actor }, 'call.refused', subject, { code, ip }, 'refused');
    },
  };
}

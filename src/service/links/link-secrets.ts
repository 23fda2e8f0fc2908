/** What signs decision links: secrets that are given, or ones that the service draws and keeps in its store. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { SignalboxError } from '../../errors.ts';
import type { JsonObject } from '../../plan/json.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import { parseSecrets, type Secret } from '../../signing.ts';
import { updateRecord } from '../update-record.ts';

export interface LinkSecrets {
  /** The first signs; links signed with any of them hold. */
  current(): Promise<readonly Secret[]>;
  /**
   * Signs with another one from now on; the one before holds until its last link has expired.
   *
   * @throws SignalboxError `INPUT_INVALID` if they are given by the settings
   */
  rotate(): Promise<void>;
}

const collection = 'secrets';
const key = 'decision-links';
const Stored = z.object({
  /** The newest first. */
  secrets: z.array(z.object({ secret: z.string(), retiredAtMs: z.number().nullable() })).min(1),
});
type Stored = z.infer<typeof Stored>;

/** @throws SignalboxError `SECRET_INVALID` for given ones that are too short */
export function createLinkSecrets(
  given: readonly Secret[] | undefined,
  lifetimeMs: number,
  parts: {
    readonly store: Pick<Store, 'record' | 'saveRecords'>;
    readonly clock: Pick<Clock, 'nowMs'>;
  },
): LinkSecrets {
  const { store, clock } = parts;
  if (given !== undefined) {
    parseSecrets(given, 'decision links');
    return {
      current: () => Promise.resolve(given),
      rotate: () =>
        Promise.reject(
          new SignalboxError(
            'INPUT_INVALID',
            'The secrets of decision links are given by the settings',
            {
              hint: 'Put a new one before the others there, and drop the last one when its links have expired',
            },
          ),
        ),
    };
  }
  const fresh = () => ({ secret: randomBytes(32).toString('base64url'), retiredAtMs: null });
  const change = async (
    changed: (stored: Stored | null) => Stored | undefined,
  ): Promise<Stored> => {
    const value: JsonObject | null = await updateRecord(store, collection, key, (record) =>
      changed(record === null ? null : Stored.parse(record.value)),
    );
    return Stored.parse(value);
  };
  return {
    async current() {
      const { secrets } = await change((stored) =>
        stored === null ? { secrets: [fresh()] } : undefined,
      );
      const nowMs = clock.nowMs();
      return secrets
        .filter(({ retiredAtMs }) => retiredAtMs === null || nowMs < retiredAtMs + lifetimeMs)
        .map(({ secret }) => secret);
    },
    async rotate() {
      const nowMs = clock.nowMs();
      await change((stored) => ({
        secrets: [
          fresh(),
          ...(stored?.secrets ?? [])
            .map((one) => ({ ...one, retiredAtMs: one.retiredAtMs ?? nowMs }))
            .filter(({ retiredAtMs }) => nowMs < retiredAtMs + lifetimeMs),
        ],
      }));
    },
  };
}

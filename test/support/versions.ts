/** An order in two versions, for tests of what becomes of runs when the second takes the place of the first. */
import { z } from 'zod';
import { defineWorkflow, type Workflow } from '../../src/index.ts';
import type { Deeds } from './deeds.ts';

export interface OrderParts {
  readonly version?: number;
  /** Step between packing and the approval. */
  readonly check?: boolean;
  /** Step after shipping. */
  readonly thank?: boolean;
  /** Name of the last step; `null`: there is none. */
  readonly ship?: string | null;
  /** Name of the approval; `null`: there is none. */
  readonly approval?: string | null;
  /** Whether packing can be undone, and is done at all. */
  readonly pack?: boolean;
}

export const input = z.object({ amount: z.number() });

/** Packs, waits for a person for up to 30 days, ships. */
export function anOrder(
  deeds: Deeds,
  parts: OrderParts = {},
): Workflow<{ amount: number }, unknown> {
  const { version = 1, check = false, thank = false, ship = 'ship', approval = 'approval' } = parts;
  const { pack = true } = parts;
  return defineWorkflow({
    name: 'order',
    version,
    input,
    steps(w) {
      const packed = pack
        ? w.task('pack', deeds.task('pack', { compensate: 'none' }), { input: w.input })
        : w.input;
      const checked = check
        ? w.task('check', deeds.task('check', { compensate: 'none' }), { input: packed })
        : packed;
      const review =
        approval === null ? null : w.review(approval, { show: checked, expires: '30d' });
      const last = review ?? checked;
      if (ship === null) return w.derive('done', last, () => 'not shipped');
      const shipped = w.task(ship, deeds.task('ship', { compensate: 'none' }), {
        input: { order: w.input, after: last },
      });
      return thank
        ? w.task('thank', deeds.task('thank', { compensate: 'none' }), { input: shipped })
        : shipped;
    },
  });
}

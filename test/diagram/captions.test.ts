import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { graphOf } from '../../src/diagram/graph-of.ts';
import { defineWorkflow } from '../../src/index.ts';

describe('captions', () => {
  it('writes durations as an author would', () => {
    const lengths = ['250ms', '90s', 60_000, 5_400_000, '24h', '48h', 0] as const;
    const sleepy = defineWorkflow({
      name: 'sleepy',
      version: 1,
      input: z.object({ pause: z.string() }),
      steps(w) {
        w.sleep('given', { for: w.input.$.pause });
        for (const [index, length] of lengths.entries()) w.sleep(`s${index}`, { for: length });
        return w.input;
      },
    });

    expect(captionsOf(sleepy)).toEqual([
      'sleeps',
      'sleeps 250ms',
      'sleeps 90s',
      'sleeps 1m',
      'sleeps 90m',
      'sleeps 24h',
      'sleeps 48h',
      'sleeps 0ms',
    ]);
  });

  it('tells who reviews, for how long, and what a rejection means', () => {
    const reviewed = defineWorkflow({
      name: 'reviewed',
      version: 1,
      input: z.number(),
      steps(w) {
        w.review('a', { onRejected: 'fail', expires: '7d' });
        w.review('b', { approve: 'automatic' });
        const small = w.is(w.input, 'small', (value) => value < 3);
        return w.finish(w.input, { approve: small });
      },
    });

    expect(captionsOf(reviewed)).toEqual([
      'review · within 7d · rejection fails the run',
      'review · automatic',
    ]);
    expect(graphOf(reviewed.plan).nodes.find(({ kind }) => kind === 'closing')?.caption).toBe(
      'automatic if small',
    );
  });
});

function captionsOf({ plan }: { plan: Parameters<typeof graphOf>[0] }): readonly string[] {
  return graphOf(plan)
    .nodes.filter(({ kind }) => kind === 'sleep' || kind === 'review')
    .map(({ caption }) => caption.replaceAll('\u00a0', ' '));
}

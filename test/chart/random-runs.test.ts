import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, toStored } from '../../src/chart/advance.ts';
import { drive } from './support/drive.ts';
import { scenarios } from './support/scenarios.ts';

const seed = 20_260_103;
const numRuns = process.env['SIGNALBOX_TEST_FULL'] === undefined ? 400 : 5_000;

describe('random workflows with random failures, retries, reviews, cancellation and undos', () => {
  it('end as the oracle says: none is stuck, no event is refused, undos run in reverse order', () => {
    fc.assert(
      fc.property(scenarios(12), (scenario) => {
        drive(scenario);
      }),
      { seed, numRuns },
    );
  });

  it('go on the same from a snapshot that has been through JSON', () => {
    fc.assert(
      fc.property(scenarios(8), (scenario) => {
        drive(scenario, (run) => {
          run.onAdvance = withTwin(run);
        });
      }),
      { seed: seed + 1, numRuns },
    );
  });
});

type Run = ReturnType<typeof drive>;

/** Applies each event to a restored copy as well, which must do the same. */
function withTwin(run: Run): Run['onAdvance'] {
  const { onAdvance } = run;
  const restored = run.restored();
  expect(statesOf(restored)).toEqual(statesOf(run.snapshot));
  let isFirst = true;
  return (event, before, after) => {
    onAdvance(event, before, after);
    if (!isFirst) return;
    isFirst = false;
    const twin = advance(run.compiled, restored, event);
    expect(twin?.effects).toEqual(after.effects);
    expect(twin && toStored(twin.snapshot)).toEqual(toStored(after.snapshot));
  };
}

/** Their order decides which of two eventless transitions goes first. */
function statesOf(snapshot: Run['snapshot']): readonly string[] {
  return snapshot._nodes.map((state: { readonly id: string }) => state.id);
}

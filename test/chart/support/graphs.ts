import * as fc from 'fast-check';

/** Steps by number; `before[i]` are the steps that step `i` waits for, all of a lower number. */
export interface Graph {
  readonly before: readonly (readonly number[])[];
}

export const stepName = (step: number) => `s${step}`;

/** Random graphs without cycles; sparse and dense ones alike. */
export function graphs(maxSteps: number): fc.Arbitrary<Graph> {
  return fc
    .record({
      size: fc.integer({ min: 1, max: maxSteps }),
      density: fc.integer({ min: 0, max: 10 }),
    })
    .chain(({ size, density }) =>
      fc
        .array(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: size, maxLength: size }), {
          minLength: size,
          maxLength: size,
        })
        .map((draws) => ({
          before: draws.map((row, step) =>
            row.flatMap((draw, other) => (other < step && draw < density ? [other] : [])),
          ),
        })),
    );
}

/** `true` at `[a][b]` if `a` comes before `b`, directly or not. */
export function closure({ before }: Graph): readonly (readonly boolean[])[] {
  const precedes = before.map(() => before.map(() => false));
  for (const [step, own] of before.entries()) {
    for (const other of own) {
      precedes[other]![step] = true;
      for (const [earlier, row] of precedes.entries()) {
        if (row[other] === true) precedes[earlier]![step] = true;
      }
    }
  }
  return precedes;
}

/** Size of the largest set of steps of which none precedes another, by trying all subsets. */
export function widthOf(
  steps: readonly number[],
  precedes: readonly (readonly boolean[])[],
): number {
  const comparable = (a: number, b: number) => precedes[a]![b]! || precedes[b]![a]!;
  const search = (at: number, chosen: readonly number[]): number => {
    const step = steps[at];
    if (step === undefined) return chosen.length;
    const without = search(at + 1, chosen);
    if (chosen.some((other) => comparable(other, step))) return without;
    return Math.max(without, search(at + 1, [...chosen, step]));
  };
  return search(0, []);
}

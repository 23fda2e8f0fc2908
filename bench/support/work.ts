/** What the benchmarks have done: a step that does as good as nothing, so that what is measured is everything around it. */

export interface StepResult {
  readonly step: number;
  readonly n: number;
  readonly ok: boolean;
  readonly value: number;
  readonly pad: string;
}

const pad = 'x'.repeat(60);

/** About 100 bytes of JSON. */
export async function trivialStep(n: number, step: number): Promise<StepResult> {
  return { step, n, ok: true, value: n * 10 + step, pad };
}

export function sum3(first: StepResult, second: StepResult, third: StepResult): number {
  return first.value + second.value + third.value;
}

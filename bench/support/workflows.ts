import { z } from 'zod';
import { defineTask, defineWorkflow, type Ref } from '../../src/index.ts';
import { type StepResult, sum3, trivialStep } from './work.ts';

const Result = z.object({
  step: z.number(),
  n: z.number(),
  ok: z.boolean(),
  value: z.number(),
  pad: z.string(),
});

const trivial = defineTask({
  name: 'trivial',
  input: z.object({ n: z.number(), step: z.number() }),
  output: Result,
  compensate: 'none',
  run: ({ input }) => trivialStep(input.n, input.step),
});

/** Three steps, each durable before the next begins, and a result put together from all of them. */
export const helloSeq3 = seq3('hello-seq3', 'durable');

/** The same, acknowledged before it is on the disk. */
export const helloSeq3Fast = seq3('hello-seq3-fast', 'fast');

function seq3(name: string, durability: 'durable' | 'fast') {
  return defineWorkflow({
    name,
    version: 1,
    input: z.number(),
    durability,
    steps(w) {
      const first = w.task('first', trivial, { input: { n: w.input, step: 1 } });
      const second = w.task('second', trivial, { input: { n: w.input, step: 2 }, after: [first] });
      const third = w.task('third', trivial, { input: { n: w.input, step: 3 }, after: [second] });
      return w.derive('sum', [first, second, third], ([a, b, c]) => sum3(a, b, c));
    },
  });
}

/** Steps in a row, each reading the result of the one before. */
export function sequence(steps: number) {
  return defineWorkflow({
    name: `sequence-${steps}`,
    version: 1,
    input: z.number(),
    steps(w) {
      let last: Ref<StepResult> = w.task('step-1', trivial, { input: { n: w.input, step: 1 } });
      for (let step = 2; step <= steps; step += 1) {
        last = w.task(`step-${step}`, trivial, { input: { n: last.$.step, step } });
      }
      return last;
    },
  });
}

/** Steps side by side, and a result put together from all of them. */
export function fork(steps: number) {
  return defineWorkflow({
    name: `fork-${steps}`,
    version: 1,
    input: z.number(),
    steps(w) {
      const branches: Ref<StepResult>[] = [];
      for (let step = 1; step <= steps; step += 1) {
        branches.push(w.task(`step-${step}`, trivial, { input: { n: w.input, step } }));
      }
      return w.derive('sum', branches, (results) =>
        results.reduce((sum, result) => sum + result.value, 0),
      );
    },
  });
}

/** Steps in groups of four: one prepares, a person approves, what was approved is done, and beside that it is noted. */
export function approvals(steps: number) {
  return defineWorkflow({
    name: `approvals-${steps}`,
    version: 1,
    input: z.number(),
    steps(w) {
      let last: Ref<StepResult> = w.task('step-0', trivial, { input: { n: w.input, step: 0 } });
      for (let step = 4; step < steps; step += 4) {
        const n = last.$.step;
        const review = w.review(`review-${step}`, {
          show: last,
          expires: '1d',
          audience: 'Somebody',
          protects: [`act-${step}`],
        });
        const approved = w.is(review.$.outcome, `approved ${step}`, (is) => is === 'approved');
        const act = w.task(`act-${step}`, trivial, { input: { n, step }, when: approved });
        const noted = w.task(`note-${step}`, trivial, { input: { n, step }, after: [review] });
        last = w.task(`step-${step}`, trivial, { input: { n: noted.$.step, step }, after: [act] });
      }
      return last;
    },
  });
}

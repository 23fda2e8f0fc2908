import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTask, defineWorkflow } from '../../src/index.ts';
import { modeOf } from '../../src/plan/mode.ts';
import type { Mode } from '../../src/plan/plan.ts';
import type { RunnableWorkflow } from '../../src/ports/bindings.ts';

const options = { input: z.number(), output: z.number(), compensate: 'none' } as const;
const add = defineTask({ name: 'add', ...options, run: async ({ input }) => input + 1 });
const printed = defineTask({ name: 'print', ...options, queue: 'printer', run: async () => 1 });
const urgent = defineTask({ name: 'urgent', ...options, priority: 'high', run: async () => 1 });

describe('the mode of a workflow', () => {
  it('M262: is local below ten steps, queued from ten', () => {
    expect(modeOf(chain(9).plan)).toBe('local');
    expect(modeOf(chain(10).plan)).toBe('queued');
  });

  it('M262: is queued with steps side by side, or a map', () => {
    expect(modeOf(fork.plan)).toBe('queued');
    expect(modeOf(mapped.plan)).toBe('queued');
  });

  it.each([printed, urgent])(
    'is queued where a step has a queue or priority of its own',
    (task) => {
      const workflow = defineWorkflow({
        name: 'own-place',
        version: 1,
        input: z.number(),
        steps: (w) => w.task('one', task, { input: w.input }),
      });

      expect(modeOf(workflow.plan)).toBe('queued');
    },
  );

  it.each<[Mode | undefined, Mode | undefined, Mode, string]>([
    [undefined, undefined, 'auto', 'local'],
    [undefined, undefined, 'queued', 'queued'],
    [undefined, 'auto', 'queued', 'local'],
    [undefined, 'queued', 'auto', 'queued'],
    ['local', 'queued', 'queued', 'local'],
    ['queued', 'local', 'auto', 'queued'],
    ['auto', 'queued', 'queued', 'local'],
  ])('M261: orchestrator %s, workflow %s, otherwise %s: %s', (wanted, own, otherwise, mode) => {
    expect(modeOf(chain(3, own).plan, wanted, otherwise)).toBe(mode);
  });

  it('is part of the plan only if it was said', () => {
    expect(chain(3).plan).not.toHaveProperty('mode');
    expect(chain(3, 'local').plan.mode).toBe('local');
  });
});

function chain(length: number, mode?: Mode): RunnableWorkflow {
  return defineWorkflow({
    name: 'chain',
    version: 1,
    input: z.number(),
    ...(mode === undefined ? {} : { mode }),
    steps: (w) =>
      Array.from({ length }).reduce<typeof w.input>(
        (last, _, index) => w.task(`step_${index}`, add, { input: last }),
        w.input,
      ),
  });
}

const fork = defineWorkflow({
  name: 'fork',
  version: 1,
  input: z.number(),
  steps(w) {
    const left = w.task('left', add, { input: w.input });
    w.task('right', add, { input: w.input });
    return left;
  },
});

const mapped = defineWorkflow({
  name: 'mapped',
  version: 1,
  input: z.array(z.number()),
  steps: (w) => w.map('each', w.input, {}, (item) => w.task('one', add, { input: item })),
});

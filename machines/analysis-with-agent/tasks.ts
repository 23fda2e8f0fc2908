import { z } from 'zod';
import { agent, tool } from '../../src/agent/index.ts';
import { defineTask } from '../../src/index.ts';
import { createLedger } from '../ledger.ts';

const notices = createLedger('analysis-with-agent', 'notices');

const Values = z.object({ values: z.array(z.number()).min(1) });

export const processData = defineTask({
  name: 'process_data',
  description:
    'Leaves out what is no measurement: gaps, and values outside of the range of the sensor.',
  input: z.object({
    values: z.array(z.number().nullable()),
    range: z.object({ from: z.number(), to: z.number() }),
  }),
  output: Values.extend({ left_out: z.int() }),
  failures: { no_data: z.object({ received: z.int() }) },
  timeout: '10s',
  compensate: 'none',
  async run(context) {
    const { values: received, range } = context.input;
    const isMeasured = (value: number | null) =>
      value !== null && value >= range.from && value <= range.to;
    const values = received.filter((value) => value !== null).filter(isMeasured);
    if (values.length === 0) return context.fail('no_data', { received: received.length });
    return { values, left_out: received.length - values.length };
  },
});

export const measureLevel = defineTask({
  name: 'task_a',
  description: 'The mean of the values.',
  input: Values,
  output: z.object({ mean: z.number() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { values } }) {
    return { mean: meanOf(values) };
  },
});

export const measureSpread = defineTask({
  name: 'task_b',
  description: 'The least and the greatest value.',
  input: Values,
  output: z.object({ least: z.number(), greatest: z.number() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { values } }) {
    return { least: Math.min(...values), greatest: Math.max(...values) };
  },
});

export const measureTrend = defineTask({
  name: 'task_c',
  description: 'How much the second half lies above the first.',
  input: Values,
  output: z.object({ change: z.number() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { values } }) {
    const half = Math.floor(values.length / 2);
    if (half === 0) return { change: 0 };
    return { change: meanOf(values.slice(-half)) - meanOf(values.slice(0, half)) };
  },
});

const Results = z.object({
  task_a: z.object({ mean: z.number() }),
  task_b: z.object({ least: z.number(), greatest: z.number() }),
  task_c: z.object({ change: z.number() }),
});

export const analysisAgent = agent({
  name: 'analysis_agent',
  description: 'Says in words what the results mean.',
  system: 'You explain measurements in two or three sentences to people who run the plant.',
  input: Results,
  prompt: (results) => `Analyze these results: ${JSON.stringify(results)}`,
  budget: { calls: 1 },
  offline: ({ input: { task_a, task_b, task_c } }) => ({
    answer: `mean ${task_a.mean}, from ${task_b.least} to ${task_b.greatest}, change ${task_c.change}`,
  }),
});

export const notificationTool = tool({
  name: 'notification_tool',
  description: 'Puts a message on the notice board of the shift; undone by taking it down.',
  input: z.object({ message: z.string().min(1) }),
  output: z.object({ notice_id: z.string(), message: z.string() }),
  timeout: '10s',
  async run({ input, idempotencyKey }) {
    return { notice_id: await notices.record(idempotencyKey, input), message: input.message };
  },
  compensate: {
    retry: { maxAttempts: 3 },
    async run({ output }) {
      await notices.undo(output.notice_id);
    },
  },
});

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

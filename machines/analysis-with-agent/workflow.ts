import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import {
  analysisAgent,
  measureLevel,
  measureSpread,
  measureTrend,
  notificationTool,
  processData,
} from './tasks.ts';

export const analysisWithAgent = defineWorkflow({
  name: 'analysis-with-agent',
  version: 1,
  description: 'Measurements are computed in parallel, explained by an agent and put on the board.',
  owner: 'Plant',
  input: z.object({
    values: z.array(z.number().nullable()).max(10_000).describe('Null where the sensor was silent'),
    range: z
      .object({ from: z.number(), to: z.number() })
      .default({ from: -50, to: 150 })
      .describe('What the sensor can measure'),
  }),
  steps(w) {
    const data = w.task('process_data', processData, { input: w.input });
    const input = { values: data.$.values };
    const results = {
      task_a: w.task('task_a', measureLevel, { input }),
      task_b: w.task('task_b', measureSpread, { input }),
      task_c: w.task('task_c', measureTrend, { input }),
    };
    const analysis = w.task('analysis', analysisAgent, { input: results });
    const message = w.derive('message', analysis, ({ answer }) => `Workflow complete: ${answer}`);
    const notification = w.task('notification', notificationTool, { input: { message } });

    return w.finish(
      { results, analysis: analysis.$.answer, notification },
      { approve: 'automatic' },
    );
  },
});

import {
  monthlyOperationsReport,
  quarterlyReport,
} from '../../machines/quarterly-report/workflow.ts';
import { describeCrashes } from '../../src/testing/index.ts';
import { isFull, sampled } from '../crash/support/seed.ts';

for (const workflow of [quarterlyReport, monthlyOperationsReport])
  describeCrashes(workflow, { ...sampled(60) });
describeCrashes(quarterlyReport, {
  stores: isFull ? ['lowdb', 'sqlite'] : ['sqlite'],
  modes: isFull ? ['kill', 'power_loss', 'standstill'] : ['kill', 'standstill'],
  ...sampled(24),
});

import {
  monthlyOperationsReport,
  quarterlyReport,
} from '../../machines/quarterly-report/workflow.ts';
import { describeCrashes } from '../../src/testing/index.ts';
import { isFull, sampled } from '../crash/support/seed.ts';

for (const workflow of [quarterlyReport, monthlyOperationsReport])
  describeCrashes(workflow, { ...sampled(60) });
describeCrashes(quarterlyReport, {
  stores: isFull ? ['lowdb', 'sqlite'] : ['memory'],
  modes: isFull ? ['kill', 'power_loss', 'standstill'] : ['standstill'],
  ...sampled(24),
});

import { incidentResponse } from '../../machines/incident-response/workflow.ts';
import { describeCrashes } from '../../src/testing/index.ts';
import { isFull, sampled } from '../crash/support/seed.ts';

describeCrashes(incidentResponse, { ...sampled(60) });
describeCrashes(incidentResponse, {
  stores: isFull ? ['lowdb', 'sqlite'] : ['lowdb'],
  modes: isFull ? ['kill', 'power_loss', 'standstill'] : ['kill', 'power_loss'],
  ...sampled(24),
});

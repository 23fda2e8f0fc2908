import { fixtures } from '../../machines/document-index/fixtures.ts';
import { documentIndex, documentSearch } from '../../machines/document-index/workflow.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { isFull, sampled } from '../crash/support/seed.ts';
import { printWalk } from './support/print-walk.ts';
import {
  closedByPolicy,
  neverTimedOut,
  neverUndone,
  withoutFunctions,
} from './support/unreachable.ts';

describeWorkflow(documentIndex, {
  ...fixtures,
  unreachable: {
    ...neverTimedOut,
    ...closedByPolicy,
    'processing.working run.faulted':
      'the workflow has no condition or derived value that could throw',
    'processing.working.stage:0.region:0.discard.running discard.failed[1]':
      'every failure of the step is tolerated',
  },
  onDone: printWalk,
});
describeWorkflow(documentSearch, {
  unreachable: { ...neverTimedOut, ...closedByPolicy, ...withoutFunctions, ...neverUndone },
  onDone: printWalk,
});

describeCrashes(documentIndex, { ...fixtures, ...sampled(40) });
describeCrashes(documentIndex, {
  ...fixtures,
  stores: isFull ? ['lowdb', 'sqlite'] : ['lowdb'],
  ...sampled(12),
});
describeCrashes(documentSearch, sampled(20));

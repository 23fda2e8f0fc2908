import { documentEnrichment } from '../../machines/document-enrichment/workflow.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { isFull, sampled } from '../crash/support/seed.ts';
import { printWalk } from './support/print-walk.ts';

const closing = 'a policy decides the closing review at once';
const noLimit = 'the workflow has no time limit';
const nothing = 'nothing of the workflow is to be undone';

describeWorkflow(documentEnrichment, {
  unreachable: {
    'pending run.started': 'no condition or derived value depends on the input alone',
    'processing.working run.faulted':
      'the workflow has no condition or derived value that could throw',
    'processing.working run.timed_out': noLimit,
    'processing.draining always': 'nothing of the workflow can be undone',
    'processing.draining enrich.completed':
      'the map would have to complete at the moment it is stopped',
    'waiting_review run.timed_out': noLimit,
    'waiting_review run.faulted':
      'no function of the definition is asked while the closing review is open',
    'waiting_review run.cancelled': closing,
    'waiting_review run.cancelled[1]': closing,
    'compensating.backing_off undo.retry_due': nothing,
    'compensating.choosing always': nothing,
    'compensating.choosing always[1]': nothing,
    'compensating.choosing always[2]': nothing,
    'compensating.undoing undo.completed': nothing,
    'compensating.undoing undo.failed': nothing,
    'compensating.undoing undo.failed[1]': nothing,
  },
  onDone: printWalk,
});

describeCrashes(documentEnrichment, sampled(40));
describeCrashes(documentEnrichment, {
  stores: isFull ? ['lowdb', 'sqlite'] : ['lowdb'],
  ...sampled(12),
});

import { fixtures } from '../../machines/document-index/fixtures.ts';
import { documentIndex, documentSearch } from '../../machines/document-index/workflow.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { isFull, sampled } from '../crash/support/seed.ts';
import { printWalk } from './support/print-walk.ts';

const closing = 'a policy decides the closing review at once';
const noLimit = 'the workflow has no time limit';

const unasked = 'no function of the definition is asked while the closing review is open';
const nothing = 'nothing of the workflow is to be undone';
const notUndoable = 'nothing of the workflow can be undone';

const common = {
  'processing.working run.faulted':
    'the workflow has no condition or derived value that could throw',
  'processing.working run.timed_out': noLimit,
  'waiting_review run.timed_out': noLimit,
  'waiting_review run.timed_out[1]': noLimit,
  'waiting_review run.faulted': unasked,
  'waiting_review run.faulted[1]': unasked,
  'waiting_review run.cancelled': closing,
  'waiting_review run.cancelled[1]': closing,
};

describeWorkflow(documentIndex, {
  ...fixtures,
  unreachable: {
    ...common,
    'processing.working.stage:0.region:0.discard.running discard.failed[1]':
      'every failure of the step is tolerated',
  },
  onDone: printWalk,
});
describeWorkflow(documentSearch, {
  unreachable: {
    ...common,
    'pending run.started': 'no condition or derived value depends on the input alone',
    'compensating.backing_off undo.retry_due': nothing,
    'compensating.choosing always': nothing,
    'compensating.choosing always[1]': nothing,
    'compensating.choosing always[2]': nothing,
    'compensating.undoing undo.completed': nothing,
    'compensating.undoing undo.failed': nothing,
    'compensating.undoing undo.failed[1]': nothing,
    'processing.draining always': notUndoable,
    'processing.draining always[2]': notUndoable,
  },
  onDone: printWalk,
});

describeCrashes(documentIndex, { ...fixtures, ...sampled(40) });
describeCrashes(documentIndex, {
  ...fixtures,
  stores: isFull ? ['lowdb', 'sqlite'] : ['lowdb'],
  ...sampled(12),
});
describeCrashes(documentSearch, sampled(20));

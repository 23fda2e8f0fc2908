import { incidentResponse } from '../../machines/incident-response/workflow.ts';
import { describeWorkflow } from '../../src/testing/index.ts';
import { printWalk } from './support/print-walk.ts';

const closing = 'a policy decides the closing review at once';
const noLimit = 'the workflow has no time limit';
const unasked = 'no function of the definition is asked while the closing review is open';
const onceOnly = 'no undo of the workflow is tried again';

describeWorkflow(incidentResponse, {
  unreachable: {
    'pending run.started': 'no condition or derived value depends on the input alone',
    'processing.working run.timed_out': noLimit,
    'waiting_review run.timed_out': noLimit,
    'waiting_review run.timed_out[1]': noLimit,
    'waiting_review run.faulted': unasked,
    'waiting_review run.faulted[1]': unasked,
    'waiting_review run.cancelled': closing,
    'waiting_review run.cancelled[1]': closing,
    'compensating.undoing undo.failed': onceOnly,
    'compensating.backing_off undo.retry_due': onceOnly,
  },
  onDone: printWalk,
});

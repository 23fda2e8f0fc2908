import { incidentResponse } from '../../machines/incident-response/workflow.ts';
import { describeWorkflow } from '../../src/testing/index.ts';
import { printWalk } from './support/print-walk.ts';

const closing = 'a policy decides the closing review at once';
const noLimit = 'the workflow has no time limit';
const unasked = 'no function of the definition is asked while the closing review is open';
const tolerated = 'every failure of the step is tolerated';
const notice = 'processing.working.stage:3.region:1.notify_operators';

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
    [`${notice} notify_operators.deadline_passed[1]`]: tolerated,
    [`${notice}.running notify_operators.failed[2]`]: tolerated,
  },
  onDone: printWalk,
});

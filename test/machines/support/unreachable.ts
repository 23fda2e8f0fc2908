/** Transitions no path takes in a workflow that nobody is asked about and that has no time limit. */
const closing = 'a policy decides the closing review at once';
const noLimit = 'the workflow has no time limit';
const unasked = 'no function of the definition is asked while the closing review is open';

export const neverTimedOut = {
  'processing.working run.timed_out': noLimit,
  'waiting_review run.timed_out': noLimit,
  'waiting_review run.timed_out[1]': noLimit,
};

export const closedByPolicy = {
  'waiting_review run.faulted': unasked,
  'waiting_review run.faulted[1]': unasked,
  'waiting_review run.cancelled': closing,
  'waiting_review run.cancelled[1]': closing,
};

/** For workflows whose first state does not depend on the input. */
export const startedUnconditionally = {
  'pending run.started': 'no condition or derived value depends on the input alone',
};

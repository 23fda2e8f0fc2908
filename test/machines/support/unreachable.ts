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

const noUndo = 'nothing of the workflow is to be undone';

/** For workflows whose steps only read. */
export const neverUndone = {
  'processing.draining always': 'nothing of the workflow can be undone',
  'processing.draining always[2]': 'nothing of the workflow can be undone',
  'compensating.choosing always': noUndo,
  'compensating.choosing always[1]': noUndo,
  'compensating.choosing always[2]': noUndo,
  'compensating.undoing undo.completed': noUndo,
  'compensating.undoing undo.failed': noUndo,
  'compensating.undoing undo.failed[1]': noUndo,
  'compensating.backing_off undo.retry_due': noUndo,
};

/** For workflows without conditions and derived values. */
export const nothingThrows = {
  'processing.working run.faulted':
    'the workflow has no condition or derived value that could throw',
};

/** For workflows that derive nothing and ask no condition. */
export const withoutFunctions = { ...startedUnconditionally, ...nothingThrows };

/** For workflows with a time limit. */
export const neverTimedOutAtTheEnd = {
  'waiting_review run.timed_out': closing,
  'waiting_review run.timed_out[1]': closing,
};

const onceOnly = 'no undo of the workflow is tried again';

/** For workflows whose undos have one attempt each. */
export const undoneAtOnce = {
  'compensating.undoing undo.failed': onceOnly,
  'compensating.backing_off undo.retry_due': onceOnly,
};

/** For workflows whose only step to be undone is the last one. */
export const undoneAtTheEndOnly = {
  'processing.draining always[2]': 'nothing of the workflow can be undone',
  'compensating.choosing always[2]': onceOnly,
};

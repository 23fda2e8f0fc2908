/** Names of events, and of the guards that shut them, in words, for those who did not define the workflow. */
const ofRun: Readonly<Record<string, string>> = {
  'run.cancelled': 'Somebody cancels the run',
  'run.timed_out': 'The time the whole run may take is up',
  'run.faulted': "An error in the workflow's own code stops it",
  'run.retried': 'Somebody retries the run',
  'run.started': 'The run begins',
  'run.held': 'Its deadlines move by what it has missed while runs were paused',
};

const ofStep: Readonly<Record<string, (step: string) => string>> = {
  completed: (step) => `${step} completes`,
  failed: (step) => `${step} fails`,
  decided: (step) => `Somebody decides ${step}`,
  decided_by_policy: (step) => `A policy decides ${step}`,
  expired: (step) => `The time of ${step} is up`,
  received: (step) => `What ${step} waits for arrives`,
  timed_out: (step) => `The time of ${step} is up`,
  fired: (step) => `${step} is over`,
  retry_due: (step) => `The next attempt of ${step} is due`,
  deferred: (step) => `${step} is put off`,
  skipped: (step) => `${step} is skipped`,
  voted: (step) => `One of those who must approve ${step} does`,
  objected: (step) => `One of those who may reject ${step} does`,
  happened: (step) => `Somebody knows that ${step} took effect`,
  did_not_happen: (step) => `Somebody knows that ${step} took no effect`,
  given_up: (step) => `Somebody gives up ${step}, as nobody can tell`,
};

const escalation = /^escalated_(\d+)$/;

const ofGuard: Readonly<Record<string, string>> = {
  mayRetry: 'not all it did could be undone: whoever retries it has to accept that',
  canDecide: 'nobody may decide it now',
};

/** Why an event is shut. */
export function guardInWords(guard: string): string {
  return ofGuard[guard] ?? `the condition "${guard}" does not hold`;
}

/** @returns `null` if the name says it best */
export function eventInWords(event: string): string | null {
  const known = ofRun[event];
  if (known !== undefined) return known;
  const at = event.lastIndexOf('.');
  const step = event.slice(0, at) === 'completion' ? 'the result' : event.slice(0, at);
  const what = event.slice(at + 1);
  if (step === 'undo') return null;
  if (escalation.test(what)) return `More people are asked to decide ${step}`;
  return ofStep[what]?.(step) ?? null;
}

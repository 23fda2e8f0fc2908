/** Names of events in words, for those who did not define the workflow. */
const ofRun: Readonly<Record<string, string>> = {
  'run.cancelled': 'Somebody cancels the run',
  'run.timed_out': "The run's own time is up",
  'run.faulted': 'A function of the definition breaks',
  'run.retried': 'Somebody lets the run go on',
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
};

/** @returns `null` if the name says it best */
export function eventInWords(event: string): string | null {
  const known = ofRun[event];
  if (known !== undefined) return known;
  const at = event.lastIndexOf('.');
  const step = event.slice(0, at);
  if (step === 'completion') return ofStep[event.slice(at + 1)]?.('the result') ?? null;
  if (step === 'undo') return null;
  return ofStep[event.slice(at + 1)]?.(step) ?? null;
}

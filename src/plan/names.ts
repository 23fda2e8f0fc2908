/** Ids of steps, names of workflows and milestones: they become states, file names and addresses. */
export const idPattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
/** Names of tasks, events and failure codes: dots allowed, as in `order.paid`. */
export const namePattern = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** The first five name events of the run itself (`run.started`, `completion.decided`); the others break code that uses ids as keys of plain objects. */
const reservedIds: ReadonlySet<string> = new Set([
  'completion',
  'run',
  'stop',
  'undo',
  'onFailed',
  'constructor',
  'prototype',
]);

/** What is wrong with an id, or `null`. */
export function idProblem(id: unknown): string | null {
  if (typeof id !== 'string') return 'an id must be a text';
  if (!idPattern.test(id)) {
    return `${JSON.stringify(id.slice(0, 80))} is no id; use a letter followed by up to 63 letters, digits, "_" or "-"`;
  }
  return reservedIds.has(id) ? `"${id}" is reserved; choose another id` : null;
}

/** What is wrong with the name of a task, an event or a failure, or `null`. */
export function nameProblem(name: unknown): string | null {
  if (typeof name !== 'string') return 'a name must be a text';
  if (namePattern.test(name)) return null;
  return `${JSON.stringify(name.slice(0, 80))} is no name; use a letter followed by up to 63 letters, digits, "_", "." or "-"`;
}

/** Ids of steps, names of workflows and milestones: they become states, file names and addresses. */
export const idPattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
/** Names of tasks, events and failure codes: dots allowed, as in `order.paid`. */
export const namePattern = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** They break code that uses ids as keys of plain objects. */
const builtIns: ReadonlySet<string> = new Set(['constructor', 'prototype']);
/** Events of the run itself begin with these: `run.started`, `completion.decided`. */
const ownNames: ReadonlySet<string> = new Set(['completion', 'run', 'stop', 'undo', 'onFailed']);

/** What is wrong with the id of a node, or `null`. */
export function idProblem(id: unknown): string | null {
  return (
    wordProblem(id) ??
    (ownNames.has(String(id)) ? `"${String(id)}" is reserved; choose another id` : null)
  );
}

/** What is wrong with the name of a workflow, a milestone, a key of the run context or a reducer, or `null`. */
export function wordProblem(word: unknown): string | null {
  if (typeof word !== 'string') return 'an id must be a text';
  if (!idPattern.test(word)) {
    return `${JSON.stringify(word.slice(0, 80))} is no id; use a letter followed by up to 63 letters, digits, "_" or "-"`;
  }
  return builtIns.has(word) ? `"${word}" is reserved; choose another id` : null;
}

/** What is wrong with the name of a task, an event or a failure, or `null`. */
export function nameProblem(name: unknown): string | null {
  if (typeof name !== 'string') return 'a name must be a text';
  if (namePattern.test(name)) return null;
  return `${JSON.stringify(name.slice(0, 80))} is no name; use a letter followed by up to 63 letters, digits, "_", "." or "-"`;
}

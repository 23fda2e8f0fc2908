import { SignalboxError } from '../errors.ts';

/** Where something is wrong: in a step of a workflow, in a workflow, or in a task, event, resource, entity or trigger of its own. */
export type Place =
  | { readonly workflow: string; readonly step?: string }
  | { readonly task: string }
  | { readonly event: string }
  | { readonly resource: string }
  | { readonly entity: string }
  | { readonly trigger: string };

/** The error of every mistake in a definition: it names workflow and step, says what is wrong and ends with the way out. */
export function definitionInvalid(
  place: Place,
  problem: string,
  options: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
): SignalboxError {
  return new SignalboxError('DEFINITION_INVALID', `${placeText(place)}: ${problem}`, {
    details: { ...place, ...options.details },
    ...(options.cause !== undefined && { cause: options.cause }),
  });
}

function placeText(place: Place): string {
  if ('task' in place) return `Task "${place.task}"`;
  if ('event' in place) return `Event "${place.event}"`;
  if ('resource' in place) return `Resource "${place.resource}"`;
  if ('entity' in place) return `Entity "${place.entity}"`;
  if ('trigger' in place) return `Trigger "${place.trigger}"`;
  return place.step === undefined
    ? `Workflow "${place.workflow}"`
    : `Workflow "${place.workflow}", step "${place.step}"`;
}

const maxComparedLength = 64;

/** `; did you mean "x"?` for the known name nearest to a misspelt one, or nothing if none is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  if (name.length > maxComparedLength) return '';
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(name.length * 0.45)) + 1;
  for (const candidate of known) {
    if (candidate.length > maxComparedLength) continue;
    const distance =
      candidate.toLowerCase() === name.toLowerCase() ? 0 : editDistance(name, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best === null ? '' : `; did you mean "${best}"?`;
}

/** Edits (insert, delete, replace, swap of neighbours) from one text to the other: optimal string alignment. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = last[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      let least = Math.min(replaced, last[column]! + 1, current[column - 1]! + 1);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        least = Math.min(least, beforeLast[column - 2]! + 1);
      }
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}

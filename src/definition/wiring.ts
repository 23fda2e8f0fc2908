import { kindOf, maxDepth, pathText } from '../plan/json-value.ts';
import type { Wiring } from '../plan/plan.ts';
import { definitionInvalid, type Place } from '../plan/problem.ts';
import type { Draft } from './draft.ts';
import { guardParts, refParts } from './reference.ts';

/**
 * What an author wires, as the plan keeps it: references, constants, and objects and lists of both.
 *
 * @param what - how the value is named in messages, e.g. `input`
 * @throws SignalboxError DEFINITION_INVALID for a value JSON cannot carry, or a reference that must not be used here
 */
export function toWiring(draft: Draft, place: Place, value: unknown, what: string): Wiring {
  return wire(value, []);

  function wire(given: unknown, path: readonly (string | number)[]): Wiring {
    const ref = refParts(given);
    if (ref !== null) {
      draft.checkVisible(place, ref);
      return { kind: 'ref', of: ref.of, path: ref.path };
    }
    if (given === undefined) return { kind: 'absent' };
    if (typeof given === 'number' && Number.isFinite(given)) {
      return { kind: 'literal', value: Object.is(given, -0) ? 0 : given };
    }
    if (given === null || typeof given === 'string' || typeof given === 'boolean') {
      return { kind: 'literal', value: given };
    }
    if (path.length >= maxDepth)
      throw refused(path, `is nested more than ${maxDepth} levels deep, or part of itself`);
    if (Array.isArray(given)) {
      return {
        kind: 'array',
        items: Array.from(given, (item, index) => wire(item, [...path, index])),
      };
    }
    if (guardParts(given) !== null) {
      throw refused(path, 'is a guard, which is not a value; derive a value with w.derive');
    }
    if (typeof given === 'function') {
      throw refused(path, 'is a function; compute a value in a run with w.derive');
    }
    if (given instanceof Promise) {
      throw refused(
        path,
        'is a promise; a definition is synchronous, and what takes time belongs into a task',
      );
    }
    if (typeof given !== 'object' || !isPlain(given)) {
      throw refused(path, `is ${kindOf(given)}, which a plan cannot carry; use plain JSON`);
    }
    return {
      kind: 'object',
      entries: Object.entries(given).map(([key, item]) => [key, wire(item, [...path, key])]),
    };
  }

  function refused(path: readonly (string | number)[], problem: string): Error {
    return definitionInvalid(place, `"${pathText(what, path)}" ${problem}`);
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

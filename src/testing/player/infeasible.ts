/** Why no values were found under which a run takes a path. */
import { type Move, textOf } from '../../proof/paths/move.ts';
import type { PathStep } from '../../proof/paths/paths.ts';

export class Infeasible extends Error {}

/** @param fixture - where in the fixtures an example would stand */
export function noValue(
  what: string,
  { facts }: Pick<PathStep, 'facts'>,
  fixture: string,
): Infeasible {
  const wanted = factsOf(facts);
  const lack =
    wanted === ''
      ? `no generated value is a valid ${what}`
      : `no generated ${what} makes ${wanted}`;
  return new Infeasible(`${lack}; give a fixture: ${fixture}`);
}

/** The ending alone decides, and it decides otherwise. */
export function contradiction({
  move,
  facts,
}: {
  readonly move: Move;
  readonly facts: PathStep['facts'];
}): Infeasible {
  return new Infeasible(`"${textOf(move)}" never makes ${factsOf(facts)}`);
}

function factsOf(facts: PathStep['facts']): string {
  return Object.entries(facts)
    .map(([id, fact]) => `"${id.replace(/^\?/, '')}" ${String(fact)}`)
    .join(' and ');
}

import { z } from 'zod';
import { wordProblem } from '../../plan/names.ts';
import type { MilestoneNode, UpdateNode } from '../../plan/plan.ts';
import { definitionInvalid, didYouMean } from '../../plan/problem.ts';
import type { Draft } from '../draft.ts';
import { parseOptions } from '../options.ts';
import { toWiring } from '../wiring.ts';
import { gatedOptions, nodeBase, refuseInBody } from './common.ts';

const options = z.strictObject(gatedOptions);

/** The node is called `<name>.reached`. */
export function addMilestone(draft: Draft, name: unknown, givenOptions: unknown): void {
  draft.checkOpen();
  const problem = wordProblem(name);
  if (problem !== null) throw definitionInvalid(draft.place(), problem);
  const id = `${String(name)}.reached`;
  const place = draft.place(id);
  refuseInBody(draft, place, 'a milestone');
  const given = parseOptions(place, options, givenOptions ?? {});
  draft.add<MilestoneNode>({
    ...nodeBase(draft, place, id, given),
    kind: 'milestone',
    name: String(name),
  });
}

/** The nodes of a key are called `<key>.updated`, `<key>.updated.2` and so on. */
export function addUpdate(
  draft: Draft,
  keys: readonly string[],
  key: unknown,
  value: unknown,
  givenOptions: unknown,
): void {
  draft.checkOpen();
  if (typeof key !== 'string' || !keys.includes(key)) {
    const known =
      keys.length === 0
        ? 'the workflow declares none'
        : `declared are ${keys.map((each) => `"${each}"`).join(', ')}`;
    throw definitionInvalid(
      draft.place(),
      `w.update names "${String(key)}", which is no key of the run context; ${known}${didYouMean(String(key), keys)}`,
    );
  }
  let id = `${key}.updated`;
  for (let number = 2; draft.ids.has(id); number++) id = `${key}.updated.${number}`;
  const place = draft.place(id);
  refuseInBody(draft, place, 'an update');
  const given = parseOptions(place, options, givenOptions ?? {});
  draft.add<UpdateNode>({
    ...nodeBase(draft, place, id, given),
    kind: 'update',
    key,
    value: toWiring(draft, place, value, 'value'),
  });
}

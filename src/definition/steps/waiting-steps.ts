import { z } from 'zod';
import { parseDuration } from '../../plan/duration.ts';
import type { EmitStep, FailStep, SleepStep, WaitStep } from '../../plan/plan.ts';
import { definitionInvalid, type Place } from '../../plan/problem.ts';
import type { Draft } from '../draft.ts';
import { type EventParts, eventParts } from '../event.ts';
import { anything, duration, fieldsOption, oneOf } from '../options.ts';
import { refParts } from '../reference.ts';
import type { Ref } from '../types.ts';
import { toWiring } from '../wiring.ts';
import { gatedOptions, nodeBase, refuseInBody, stepOptions } from './common.ts';

const waitOptions = z.strictObject({
  ...gatedOptions,
  within: duration.optional(),
  onTimeout: oneOf('fail', 'continue').optional(),
  early: oneOf('keep', 'reject').optional(),
  where: fieldsOption('fields and values').optional(),
});

export function addWait(
  draft: Draft,
  id: string,
  event: unknown,
  givenOptions: unknown,
): Ref<unknown> {
  const { place, given } = stepOptions(draft, id, waitOptions, givenOptions);
  refuseInBody(draft, place, 'a wait');
  const { name } = eventOf(draft, place, event);
  if (given.onTimeout === 'continue' && given.within === undefined) {
    throw definitionInvalid(
      place,
      'option "onTimeout" needs "within": without it there is no time-out',
    );
  }
  return draft.add<WaitStep>({
    ...nodeBase(draft, place, id, given),
    kind: 'wait',
    event: name,
    where: Object.entries(given.where ?? {}).map(
      ([key, value]) => [key, toWiring(draft, place, value, `where.${key}`)] as const,
    ),
    ...(given.within !== undefined && { withinMs: given.within }),
    onTimeout: given.onTimeout ?? 'fail',
    early: given.early ?? 'keep',
  });
}

const sleepOptions = z.strictObject({ ...gatedOptions, for: anything });

export function addSleep(draft: Draft, id: string, givenOptions: unknown): Ref<unknown> {
  const { place, given } = stepOptions(draft, id, sleepOptions, givenOptions);
  refuseInBody(draft, place, 'a sleep');
  if (refParts(given.for) === null) checkSleep(place, given.for);
  return draft.add<SleepStep>({
    ...nodeBase(draft, place, id, given),
    kind: 'sleep',
    for: toWiring(draft, place, given.for, 'for'),
  });
}

function checkSleep(place: Place, given: unknown): void {
  const isMs = typeof given === 'number' && Number.isSafeInteger(given) && given >= 0;
  if (isMs || (typeof given === 'string' && parseDuration(given) !== null)) return;
  throw definitionInvalid(
    place,
    `option "for" must be a duration such as "30s", a whole number of milliseconds, or a reference to one, got ${JSON.stringify(given) ?? String(given)}`,
  );
}

const emitOptions = z.strictObject({ ...gatedOptions, payload: anything });

export function addEmit(
  draft: Draft,
  id: string,
  event: unknown,
  givenOptions: unknown,
): Ref<unknown> {
  const { place, given } = stepOptions(draft, id, emitOptions, givenOptions);
  refuseInBody(draft, place, 'an emit');
  const { name } = eventOf(draft, place, event);
  return draft.add<EmitStep>({
    ...nodeBase(draft, place, id, given),
    kind: 'emit',
    event: name,
    payload: toWiring(draft, place, given.payload, 'payload'),
  });
}

const failOptions = z.strictObject(gatedOptions);

export function addFail(
  draft: Draft,
  id: string,
  message: unknown,
  givenOptions: unknown,
): Ref<unknown> {
  const { place, given } = stepOptions(draft, id, failOptions, givenOptions);
  refuseInBody(draft, place, 'a fail');
  if (typeof message !== 'string' || message.trim() === '') {
    throw definitionInvalid(
      place,
      'the message must be a text that is not empty: it is what people read',
    );
  }
  return draft.add<FailStep>({ ...nodeBase(draft, place, id, given), kind: 'fail', message });
}

function eventOf(draft: Draft, place: Place, event: unknown): EventParts {
  const parts = eventParts(event);
  if (parts === null)
    throw definitionInvalid(place, 'the second argument must be an event made by defineEvent');
  draft.useEvent(place, parts);
  return parts;
}

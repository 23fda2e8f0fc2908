/** Places in the code as others see them: below the folder the service was started in; of what lies elsewhere the name of the file alone. */
import { basename, isAbsolute, relative, sep } from 'node:path';
import type { z } from 'zod';
import type { Code } from '../api/parts.ts';
import type { StepNode } from '../plan/plan.ts';
import type { CodePlace, CodePlaces } from '../ports/bindings.ts';

type Shown = z.output<typeof Code>;

/** Paths of this machine are nobody's business. */
export function shownFile(file: string, folder = process.cwd()): string {
  const path = relative(folder, file);
  const isBelow = path !== '' && !isAbsolute(path) && path.split(sep)[0] !== '..';
  return isBelow ? path.replaceAll(sep, '/') : basename(file);
}

export function shownPlace(place: CodePlace | null): Shown | null {
  return place === null ? null : { file: shownFile(place.file), line: place.line };
}

/** @param step - `null`: the closing review, which the workflow itself asks for */
export function codeOfStep(
  step: StepNode | null,
  places: CodePlaces | undefined,
): { readonly code: Shown | null; readonly handler: Shown | null } {
  if (places === undefined) return { code: null, handler: null };
  if (step === null) return { code: shownPlace(places.workflow()), handler: null };
  const task = step.kind === 'task' ? places.task(step.call.task) : null;
  return { code: shownPlace(places.step(step.id)), handler: shownPlace(task) };
}

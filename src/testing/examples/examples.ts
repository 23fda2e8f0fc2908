/** Example values: the ones a user gives, else generated ones, the same for the same seed. */
import * as fc from 'fast-check';
import type { Json, JsonObject } from '../../plan/json.ts';
import { copyJson } from '../../plan/json-value.ts';
import type { Contract } from '../../ports/bindings.ts';
import { arbitraryOf } from './arbitrary.ts';

/** What an example is for: its contract describes what is generated, and decides. */
export interface ExampleRequest {
  /** In words, such as `output of task "charge"`; also what the draw depends on. */
  readonly what: string;
  readonly contract: Contract;
  readonly given?: readonly unknown[] | undefined;
}

export interface Example {
  /** As handed in; `undefined` where nothing is. */
  readonly raw: Json | undefined;
  /** As code sees it, and as it is stored. */
  readonly value: unknown;
  readonly stored: Json;
}

const tries = 200;

/** Valid ones, the given first; no two of them are equal. */
export function* validExamples(request: ExampleRequest, seed: number): Generator<Example> {
  const seen = new Set<string>();
  for (const candidate of candidates(request, seed)) {
    const plain =
      candidate === undefined ? { ok: true as const, value: undefined } : copyJson(candidate);
    if (!plain.ok) continue;
    const parsed = request.contract.parse(plain.value);
    const text = JSON.stringify(plain.value) ?? '';
    if (!parsed.ok || seen.has(text)) continue;
    seen.add(text);
    yield { raw: plain.value, value: parsed.value, stored: parsed.stored };
  }
}

/** Values that the contract refuses: valid ones with one thing wrong, and values of another kind. */
export function invalidExamples(
  request: ExampleRequest,
  seed: number,
  count: number,
): readonly Json[] {
  const [valid] = validExamples(request, seed);
  const broken = [
    ...(valid?.raw === undefined ? [] : mutationsOf(valid.raw)),
    'not what was asked for',
    -1,
    [],
    {},
    null,
  ];
  const refused = broken.filter((value) => !request.contract.parse(value).ok);
  const distinct = new Map(refused.map((value) => [JSON.stringify(value), value]));
  return [...distinct.values()].slice(0, count);
}

function* candidates({ what, contract, given }: ExampleRequest, seed: number): Generator {
  if (given !== undefined) yield* given;
  const schema = contract.describe?.() ?? {};
  if (Object.keys(schema).length === 0) yield undefined;
  // A few at first: most of the time the first one will do.
  for (const [round, count] of [4, tries].entries())
    yield* fc.sample(arbitraryOf(schema), {
      numRuns: count,
      seed: hashOf(`${seed} ${round} ${what}`),
    });
}

function mutationsOf(valid: Json): readonly Json[] {
  if (typeof valid !== 'object' || valid === null || Array.isArray(valid)) return [];
  const whole = valid as JsonObject;
  return Object.entries(whole).flatMap(([key, value]) => {
    const rest = Object.fromEntries(Object.entries(whole).filter(([name]) => name !== key));
    const other = typeof value === 'string' ? 7 : 'something else';
    return [rest, { ...whole, [key]: other }, { ...whole, [key]: '' }];
  });
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text)
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash | 0;
}

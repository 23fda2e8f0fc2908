import { z } from 'zod';
import type { Json } from '../plan/json.ts';
import { kindOf, pathText } from '../plan/json-value.ts';
import { wordProblem } from '../plan/names.ts';
import type { ContextKey } from '../plan/plan.ts';
import { definitionInvalid, didYouMean, type Place } from '../plan/problem.ts';
import type { Contract } from '../ports/bindings.ts';
import type { Draft } from './draft.ts';
import { anything, functionOption, isDeferred, parseOptions, zodSchema } from './options.ts';
import { partsOfSchema } from './schema-parts.ts';

/** How an update changes a key: `append` takes one element, `merge` some of the fields, the others a value of the same kind. */
export type Reduction =
  | 'replace'
  | 'sum'
  | 'append'
  | 'max'
  | 'min'
  | 'merge'
  /** Pure and synchronous, and kept under its name in stored plans. */
  | { readonly name: string; readonly run: (current: never, next: never) => unknown };

/** A key of the run context: the schema of its value, and how an update joins it with the value before. */
export interface ContextKeyDefinition {
  readonly schema: z.ZodType;
  readonly reduce: Reduction;
}

/** What the builder needs to know of the declared keys. */
export type ContextOf<C> = {
  readonly [K in keyof C]: C[K] extends {
    readonly schema: infer S extends z.ZodType;
    readonly reduce: infer R;
  }
    ? { readonly value: z.output<S>; readonly update: Update<z.input<S>, R> }
    : never;
};
type Update<T, R> = R extends 'append'
  ? T extends readonly (infer E)[]
    ? E
    : never
  : R extends 'merge'
    ? Partial<T>
    : R extends { readonly run: (current: never, next: infer N) => unknown }
      ? N
      : T;

export interface DeclaredContext {
  readonly keys: { readonly [key: string]: ContextKey };
  readonly contracts: ReadonlyMap<string, Contract>;
  readonly reducers: ReadonlyMap<string, (current: Json, next: Json) => Json>;
}

const keyOptions = z.strictObject({
  schema: zodSchema,
  initial: anything.optional(),
  reduce: z.union(
    [
      z.enum(['replace', 'sum', 'append', 'max', 'min', 'merge']),
      z.strictObject({
        name: z.string(),
        run: functionOption<(current: Json, next: Json) => Json>(),
      }),
    ],
    { error: () => 'must be "replace", "sum", "append", "max", "min", "merge" or { name, run }' },
  ),
});

/** What the initial value must be for a reduction to make sense of it. */
const wanted: {
  readonly [reduce: string]: readonly [text: string, fits: (value: unknown) => boolean];
} = {
  sum: ['a number', (value) => typeof value === 'number'],
  max: ['a number', (value) => typeof value === 'number'],
  min: ['a number', (value) => typeof value === 'number'],
  append: ['a list', Array.isArray],
  merge: [
    'an object',
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  ],
};

export function declareContext(
  draft: Draft,
  given: { readonly [key: string]: unknown },
): DeclaredContext {
  const keys: Record<string, ContextKey> = {};
  const contracts = new Map<string, Contract>();
  const reducers = new Map<string, (current: Json, next: Json) => Json>();
  for (const [key, definition] of Object.entries(given)) {
    const place = draft.place(`context.${key}`);
    const problem = wordProblem(key);
    if (problem !== null) throw definitionInvalid(draft.place(), problem);
    const { schema, initial, reduce } = parseOptions(place, keyOptions, definition);
    const parts = partsOfSchema(place, schema);
    const stored = initialOf(place, parts.contract, initial);
    const rule = typeof reduce === 'string' ? wanted[reduce] : undefined;
    if (rule !== undefined && !rule[1](stored)) {
      throw definitionInvalid(
        place,
        `option "reduce" needs ${rule[0]} to start from, and "initial" is ${kindOf(stored)}`,
      );
    }
    if (typeof reduce !== 'string') addReducer(place, reducers, reduce);
    keys[key] = {
      schema: parts.output,
      initial: stored,
      reduce: typeof reduce === 'string' ? reduce : `named:${reduce.name}`,
    };
    contracts.set(key, parts.contract);
  }
  return { keys, contracts, reducers };
}

function initialOf(place: Place, contract: Contract, initial: unknown): Json {
  const parsed = contract.parse(initial);
  if (parsed.ok) return parsed.stored;
  const issue = parsed.issues[0]!;
  throw definitionInvalid(
    place,
    `"${pathText('initial', issue.path)}" ${/^(is|has|cannot)/.test(issue.message) ? issue.message : `does not fit its schema: ${issue.message}`}`,
  );
}

function addReducer(
  place: Place,
  reducers: Map<string, (current: Json, next: Json) => Json>,
  reducer: { readonly name: string; readonly run: (current: Json, next: Json) => Json },
): void {
  const problem = wordProblem(reducer.name);
  if (problem !== null) throw definitionInvalid(place, problem);
  if (isDeferred(reducer.run)) throw definitionInvalid(place, 'a reducer must be synchronous');
  const known = reducers.get(reducer.name);
  if (known !== undefined && known !== reducer.run) {
    throw definitionInvalid(
      place,
      `two different reducers are named "${reducer.name}"; rename one`,
    );
  }
  reducers.set(reducer.name, reducer.run);
}

/** `w.context`: an undeclared key is a mistake, not an absent value. */
export function contextReferences(draft: Draft, keys: readonly string[]): object {
  const references = new Map<string, unknown>(
    keys.map((key) => [key, draft.refTo('$context', [key])]),
  );
  return new Proxy(Object.freeze({}), {
    get(_, key) {
      const reference = references.get(String(key));
      if (reference !== undefined || typeof key === 'symbol') return reference;
      throw definitionInvalid(
        draft.place(),
        `"${key}" is no key of the run context; declare it in \`context\`${didYouMean(key, keys)}`,
      );
    },
  });
}

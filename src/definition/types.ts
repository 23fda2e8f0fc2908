/**
 * Values, references and conditions at the level of types. Rules found by trying the opposite:
 *  1. Inputs are checked against the consumer's contract (`Wire<I>`), never inferred from the argument: else errors land on the wrong field.
 *  2. Options are plain object types with a few small type parameters, never one `const O extends Options`: that accepts misspelt options.
 *  3. No overloads: an overload error names the last signature, not the mistake.
 *  4. Results are references, nothing accumulates: the cost of a step does not depend on the steps before it.
 *  5. A reference has no string-named property except `$`; a property `id` would make every reference assignable to `{ id: string }`.
 */
import type { RunInfo } from '../ports/bindings.ts';

declare const value: unique symbol;
declare const guard: unique symbol;

/**
 * The future value of a step. `ref.$.field` is a reference to one field; if the step may be skipped, `ref.$?.field` is one to an optional value.
 * It is not the value: used in a template, a comparison, `await`, `JSON.stringify` or a loop it throws `DEFINITION_INVALID`.
 */
export interface Ref<out T> {
  readonly [value]: T;
  readonly $: Fields<T>;
}
/** `as K` keeps the mapped type measurable, so that `out T` holds and references compare by their argument alone. */
type Fields<T> = { readonly [K in keyof T as K]-?: Ref<T[K]> };

export type Atom = string | number | boolean | bigint | null | undefined;

/** What may be wired where a `T` is wanted: a reference, a constant, or an object or array mixing both at any depth. */
export type Wire<T> =
  | Ref<T>
  | (unknown extends T
      ? unknown
      : T extends Atom
        ? T
        : T extends readonly unknown[]
          ? number extends T['length']
            ? readonly Wire<T[number]>[]
            : Fieldwise<T>
          : Fieldwise<T>);
/** Lists are spelt out in `Wire`: a mapped type over them is expanded at once, which never ends for a recursive type such as JSON. */
type Fieldwise<T> = { readonly [K in keyof T]: Wire<T[K]> };

/** The value a wiring delivers; the inverse of `Wire`, for `derive` and `is`, where no contract exists. */
export type Unwired<W> =
  W extends Ref<infer T> ? T : W extends Atom ? W : { -readonly [K in keyof W]: Unwired<W[K]> };

/** A length of time: `250ms`, `30s`, `5m`, `24h`, `365d`. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/** A named condition over references. The name is drawn, proved and shown to people, so it is never optional. */
export interface Guard {
  readonly [guard]: true;
}

/** A name of its own, because the compiler then prints it where a consumer forgets that a step may be skipped. */
export type MaybeSkipped<T> = T | undefined;
export type Skippable<T, G> = [G] extends [undefined] ? T : MaybeSkipped<T>;

/** The value of a branch: branches return a reference, or nothing. */
export type Yield<R> = R extends Ref<infer T> ? T : undefined;
export type Returned<C> = C extends (...args: never) => infer R ? Yield<R> : never;
/** What a branch of `w.choose` or `w.when` gives those who read its result: a reference, or nothing. */
export type Branch = Ref<unknown> | void;

// Values of runs are type aliases, not interfaces: an interface is not assignable to `z.json()` or a loose object. Their lists are not
// `readonly`: such a list is not assignable to `z.array()`.

/** Why a step failed, where a failure is data: in `tolerate`, in a map that collects, in `onFailed`. */
export type Failure = {
  name: string;
  message: string;
  retryable: boolean;
  /** Attempts made. */
  attempts: number;
};

/**
 * The value of a tolerant step: `tolerate: 'any'` adds `failed`; `tolerate: ['full']` adds exactly `full`, and every other failure still fails
 * the run.
 */
export type Settled<O, F, C> =
  | { status: 'complete'; value: O }
  | (C extends 'any'
      ? { status: 'failed'; failure: Failure }
      : C extends keyof F
        ? { status: C; detail: F[C] }
        : never);

/** The value of a child that may fail. `compensation` says whether what it had done is undone, as in {@link RunFailure}. */
export type SettledChild<O> =
  | { status: 'complete'; value: O }
  | { status: 'failed'; failure: Failure; compensation: RunFailure<never>['compensation'] };

/** Only an approval has a form for certain: a rejection needs none, and nobody fills in an expired one. */
export type Reviewed<F> =
  | { outcome: 'approved'; actor: string; form: F }
  | { outcome: 'rejected' | 'expired'; actor: string; form?: F };

/** An item of a map that completed, and what it yields. */
export type ItemResult<T, R> = {
  /** From 0, in the order of the items. */
  index: number;
  item: T;
  value: R;
};
/** An item of a map that failed for good, where failures are collected. `index` counts from 0, in the order of the items. */
export type ItemFailure<T> = {
  index: number;
  item: T;
  failure: Failure;
};

/** What `onFailed` is told, once compensation has ended. */
export type RunFailure<I> = {
  run: RunInfo;
  input: I;
  failure: Failure;
  completedSteps: string[];
  /** All undone, some not, none could be, or there was nothing to undo. */
  compensation: 'complete' | 'partial' | 'impossible' | 'nothing';
};

export type { RunInfo };

/** One call of the HTTP interface, as data: the service serves it, the client makes it, the document describes it. */
import type { z } from 'zod';

/** What a caller may do, the more the further to the right; each may all that those before it may. */
export const roles = ['viewer', 'reviewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the root of the interface, as `/runs/:runId`. */
  readonly path: string;
  /** What the call does, one line. */
  readonly summary: string;
  /** The least role that may call; `null`: anybody, without signing in. */
  readonly role: Role | null;
  readonly params?: z.ZodObject;
  /** Every value arrives as text: `z.coerce` for numbers. */
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Shape of the answer; `null`: none (204). Of a stream: shape of what each event carries. */
  readonly answer: z.ZodType | null;
  /** Default `application/json`. Of another type the answer is a text; `text/event-stream` never ends by itself. */
  readonly media?: 'image/svg+xml' | 'text/plain' | 'text/event-stream';
  /** Status of the answer if all went well. Default 200, or 204 without one. */
  readonly status?: number;
  /** A repetition with the same header `Idempotency-Key` gets the first answer. Default: no. */
  readonly isRepeatable?: boolean;
}

export function route<const R extends Route>(given: R): R {
  return given;
}

type Part<
  R extends Route,
  K extends 'params' | 'query' | 'body',
  Side extends 'input' | 'output',
> = R[K] extends z.ZodType ? (Side extends 'input' ? z.input<R[K]> : z.output<R[K]>) : undefined;

type OnlyGiven<T> = { readonly [K in keyof T as T[K] extends undefined ? never : K]: T[K] };
/** A part of which nothing must be said may be left out. */
type Lenient<T> = {
  readonly [K in keyof T as object extends T[K] ? never : K]: T[K];
} & { readonly [K in keyof T as object extends T[K] ? K : never]?: T[K] };

/** What a caller gives. */
export type RequestOf<R extends Route> = Lenient<
  OnlyGiven<{
    params: Part<R, 'params', 'input'>;
    query: Part<R, 'query', 'input'>;
    body: Part<R, 'body', 'input'>;
  }>
>;

/** The same after it has been checked. */
export type ParsedOf<R extends Route> = OnlyGiven<{
  params: Part<R, 'params', 'output'>;
  query: Part<R, 'query', 'output'>;
  body: Part<R, 'body', 'output'>;
}>;

/** What the caller receives. */
export type AnswerOf<R extends Route> = R['answer'] extends z.ZodType
  ? z.output<R['answer']>
  : undefined;

/** A call whose answer is a stream of events. */
export type Stream = Route & { readonly media: 'text/event-stream' };

/** What the service gives; of a stream the events, with the ids by which a reader finds its place again. */
export type GivenAnswerOf<R extends Route> = R['answer'] extends z.ZodType
  ? R extends Stream
    ? AsyncIterable<{ readonly id: string; readonly data: z.input<R['answer']> }>
    : z.input<R['answer']>
  : void;

/** A value JSON carries without loss. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** A JSON Schema, draft 2020-12, as zod exports it. */
export type JsonSchema = JsonObject;

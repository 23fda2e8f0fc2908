/** Drafts of forms, kept in this browser until they are sent. Sensitive fields are not part of them. */
import type { Json, JsonSchema } from '../../plan/json.ts';
import type { FieldShape } from './field-shape.ts';
import { withoutSensitive } from './form-value.ts';

const prefix = 'signalbox.draft.';
const keptForMs = 14 * 24 * 3_600_000;
const maxLength = 200_000;

interface Draft {
  readonly atMs: number;
  /** The form it was written for: a draft of another one is of no use. */
  readonly schema: JsonSchema;
  readonly value: Json;
}

type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem'>;

export function saveDraft(
  storage: Storage,
  key: string,
  { value, schema, shape }: { value: Json | undefined; schema: JsonSchema; shape: FieldShape },
  nowMs: number,
): void {
  const kept = withoutSensitive(value, shape);
  if (kept === undefined) return storage.removeItem(prefix + key);
  const text = JSON.stringify({ atMs: nowMs, schema, value: kept } satisfies Draft);
  if (text.length > maxLength) return;
  try {
    storage.setItem(prefix + key, text);
  } catch {
    // No room: the form works without a draft.
  }
}

/** @returns `null` if there is none for this schema, or it is older than two weeks */
export function loadDraft(
  storage: Storage,
  key: string,
  schema: JsonSchema,
  nowMs: number,
): Json | null {
  try {
    const draft = JSON.parse(storage.getItem(prefix + key) ?? 'null') as Draft | null;
    if (draft === null || nowMs - draft.atMs > keptForMs) return null;
    return JSON.stringify(draft.schema) === JSON.stringify(schema) ? draft.value : null;
  } catch {
    return null;
  }
}

export function dropDraft(storage: Storage, key: string): void {
  storage.removeItem(prefix + key);
}

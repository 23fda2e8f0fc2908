/** State of a form made from a JSON Schema: its value, what is wrong with it, and the draft kept in this browser. */
import { useEffect, useId, useMemo, useState } from 'react';
import type { Json, JsonSchema } from '../../plan/json.ts';
import { basePath } from '../data/base-path.ts';
import { dropDraft, loadDraft, saveDraft } from './draft.ts';
import { type FieldShape, fieldShapeOf } from './field-shape.ts';
import { type FormProblem, hintsFor } from './form-problems.ts';
import { initialValueOf } from './form-value.ts';

export interface SchemaFormOptions {
  readonly schema: JsonSchema;
  /** Names the draft; `null` keeps none. */
  readonly draftKey: string | null;
  /** Begins with it instead of the schema's defaults. */
  readonly initial?: Json;
}

export interface SchemaFormState {
  readonly id: string;
  readonly schema: JsonSchema;
  readonly shape: FieldShape;
  readonly value: Json | undefined;
  readonly problems: readonly FormProblem[];
  readonly isDraftRestored: boolean;
  readonly change: (value: Json | undefined) => void;
  /** Shows what is wrong; `true` if nothing is. */
  readonly check: () => boolean;
  /** What the service says is wrong. */
  readonly refuse: (problems: readonly FormProblem[]) => void;
  /** Back to the beginning, without a draft. */
  readonly reset: () => void;
  /** After it was sent. */
  readonly forget: () => void;
}

export function useSchemaForm(options: SchemaFormOptions): SchemaFormState {
  const { schema, initial } = options;
  // services below other paths of one host share the browser's storage
  const draftKey = options.draftKey === null ? null : `${basePath}${options.draftKey}`;
  const id = useId();
  const shape = useMemo(() => fieldShapeOf(schema), [schema]);
  const first = useMemo(() => initial ?? initialValueOf(shape), [initial, shape]);
  const [draft] = useState(() =>
    draftKey === null ? null : loadDraft(localStorage, draftKey, schema, Date.now()),
  );
  const [value, setValue] = useState<Json | undefined>(draft ?? first);
  const [problems, setProblems] = useState<readonly FormProblem[]>([]);
  const [wasChecked, setWasChecked] = useState(false);
  const [isDraftRestored, setIsDraftRestored] = useState(draft !== null);
  const [isTouched, setIsTouched] = useState(false);

  useEffect(() => {
    if (draftKey === null || !isTouched) return;
    saveDraft(localStorage, draftKey, { value, schema, shape }, Date.now());
  }, [draftKey, isTouched, value, schema, shape]);

  const forget = () => {
    setIsTouched(false);
    if (draftKey !== null) dropDraft(localStorage, draftKey);
  };
  return {
    id,
    schema,
    shape,
    value,
    problems,
    isDraftRestored,
    change(next) {
      setValue(next);
      setIsTouched(true);
      // Once it was found wrong, what is mended disappears at once.
      if (wasChecked) setProblems(hintsFor(next, schema));
    },
    check() {
      const found = hintsFor(value, schema);
      setProblems(found);
      setWasChecked(true);
      return found.length === 0;
    },
    refuse(found) {
      setProblems(found);
      setWasChecked(true);
    },
    reset() {
      forget();
      setValue(first);
      setProblems([]);
      setWasChecked(false);
      setIsDraftRestored(false);
    },
    forget,
  };
}

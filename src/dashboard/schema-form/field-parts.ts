/** What every field of a form gets. */
import type { ComponentType } from 'react';
import type { Json } from '../../plan/json.ts';
import type { FieldShape } from './field-shape.ts';
import { type FormProblem, keyOf } from './form-problems.ts';
import type { Path } from './form-value.ts';

export interface FieldProps<S extends FieldShape = FieldShape> {
  readonly shape: S;
  readonly path: Path;
  readonly isRequired: boolean;
  readonly value: Json | undefined;
  readonly onChange: (value: Json | undefined) => void;
  readonly form: FormSetting;
}

export interface FormSetting {
  readonly id: string;
  readonly isDisabled: boolean;
  /** Shows any field: parts show those inside them. */
  readonly Field: ComponentType<FieldProps>;
  readonly problems: ReadonlyMap<string, readonly FormProblem[]>;
}

/** Id of the control of a field; problems lead to it. */
export function idOf(form: FormSetting, path: Path): string {
  return [form.id, ...path].join('.');
}

export function problemOf({ problems }: FormSetting, path: Path): string | undefined {
  return problems
    .get(keyOf(path))
    ?.map(({ message }) => message)
    .join('; ');
}

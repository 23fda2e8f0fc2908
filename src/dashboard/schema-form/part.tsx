/** A part of the form that holds fields: its name, what it is about, what is wrong with it as a whole. */
import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { type FieldProps, idOf, problemOf } from './field-parts.ts';
import styles from './part.module.css';

export function Part({
  shape,
  path,
  isRequired,
  form,
  children,
}: FieldProps & { readonly children: ReactNode }) {
  const problem = problemOf(form, path);
  return (
    <fieldset id={idOf(form, path)} tabIndex={-1} className={styles['part']}>
      <legend>
        {shape.label}
        {isRequired && (
          <span className={styles['required']} aria-hidden>
            {' '}
            *
          </span>
        )}
      </legend>
      <div>
        {shape.description !== null && (
          <Text size="xs" c="dimmed" mb="xs">
            {shape.description}
          </Text>
        )}
        {problem !== undefined && (
          <Text size="xs" c="var(--mantine-color-error)" mb="xs">
            {problem}
          </Text>
        )}
        {children}
      </div>
    </fieldset>
  );
}

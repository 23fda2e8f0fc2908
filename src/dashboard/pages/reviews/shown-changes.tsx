/** What differs between two values: removed with a minus, added with a plus, both also in words for those who hear it. */
import { Text } from '@mantine/core';
import type { ReviewDetails } from '../../../api/reviews.ts';
import type { Json } from '../../../plan/json.ts';
import { titleOf } from '../../schema-form/field-shape.ts';
import styles from './shown-changes.module.css';

type Change = NonNullable<ReviewDetails['previous']>['changes'][number];

export function ShownChanges({ changes }: { readonly changes: readonly Change[] }) {
  if (changes.length === 0) {
    return <Text size="sm">Nothing has changed since it was shown before.</Text>;
  }
  return (
    <ul className={styles['changes']}>
      {changes.map(({ path, before, after }) => (
        <li key={JSON.stringify(path)}>
          <div className={styles['path']}>
            {path.length === 0 ? 'All of it' : path.map(wordOf).join(' › ')}
          </div>
          {before !== undefined && (
            <div className={styles['before']}>
              <span className="visually-hidden">Before: </span>
              <del>{textOf(before)}</del>
            </div>
          )}
          {after !== undefined && (
            <div className={styles['after']}>
              <span className="visually-hidden">Now: </span>
              <ins>{textOf(after)}</ins>
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}

function wordOf(key: string | number): string {
  return typeof key === 'number' ? String(key + 1) : titleOf(key);
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

/** A value as somebody reads it who does not write programs: names and values, lists, tables. */
import { Fragment, useState } from 'react';
import type { Json, JsonObject } from '../../plan/json.ts';
import { titleOf } from '../schema-form/field-shape.ts';
import styles from './readable-value.module.css';
import { absolute } from './time.tsx';

const limits = { depth: 6, rows: 100, columns: 8, characters: 1_500 };

export function ReadableValue({
  value,
  depth = 0,
}: {
  readonly value: Json;
  readonly depth?: number;
}) {
  if (typeof value !== 'object' || value === null) return <Scalar value={value} />;
  if (depth >= limits.depth) return <code>{JSON.stringify(value)}</code>;
  if (Array.isArray(value)) return <Items items={value} depth={depth} />;
  const entries = Object.entries(value);
  if (entries.length === 0) return <None />;
  return (
    <dl className={styles['fields']}>
      {entries.slice(0, limits.rows).map(([name, field]) => (
        <Fragment key={name}>
          <dt className={isDeep(field) ? styles['wide'] : undefined}>{titleOf(name)}</dt>
          <dd className={isDeep(field) ? styles['part'] : undefined}>
            <ReadableValue value={field} depth={depth + 1} />
          </dd>
        </Fragment>
      ))}
      <More left={entries.length - limits.rows} />
    </dl>
  );
}

function Items({ items, depth }: { readonly items: readonly Json[]; readonly depth: number }) {
  const columns = columnsOf(items);
  if (items.length === 0) return <None />;
  if (columns !== null) return <Rows items={items as readonly JsonObject[]} columns={columns} />;
  return (
    <ul className={styles['list']}>
      {items.slice(0, limits.rows).map((item, index) => (
        <li key={index}>
          <ReadableValue value={item} depth={depth + 1} />
        </li>
      ))}
      <More left={items.length - limits.rows} />
    </ul>
  );
}

function Rows({
  items,
  columns,
}: {
  readonly items: readonly JsonObject[];
  readonly columns: readonly string[];
}) {
  return (
    <div className={styles['table']} role="group" aria-label="Table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {titleOf(column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.slice(0, limits.rows).map((item, index) => (
            <tr key={index}>
              {columns.map((column) => (
                <td key={column}>
                  {item[column] === undefined ? '' : <Scalar value={item[column] as Scalar} />}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <More left={items.length - limits.rows} />
    </div>
  );
}

type Scalar = string | number | boolean | null;

/** Of several flat objects with much the same fields; `null` if they are none. */
function columnsOf(items: readonly Json[]): readonly string[] | null {
  if (items.length < 2) return null;
  const names = new Set<string>();
  for (const item of items) {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return null;
    for (const [name, value] of Object.entries(item)) {
      if (typeof value === 'object' && value !== null) return null;
      names.add(name);
    }
  }
  return names.size > 0 && names.size <= limits.columns ? [...names] : null;
}

function isDeep(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => typeof item === 'object' && item !== null);
  return Object.keys(value).length > 0;
}

function Scalar({ value }: { readonly value: Scalar }) {
  const [isWhole, setIsWhole] = useState(false);
  if (value === null || value === '') return <None />;
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (typeof value === 'number') return <span className="tabular">{numberText(value)}</span>;
  if (isMoment(value)) return <time dateTime={value}>{absolute(value)}</time>;
  if (value.length <= limits.characters || isWhole) return value;
  return (
    <>
      {value.slice(0, limits.characters)}…{' '}
      <button type="button" onClick={() => setIsWhole(true)}>
        Show all {value.length} characters
      </button>
    </>
  );
}

/** Digits in groups only where no identifier is taken apart by it. */
function numberText(value: number): string {
  return Number.isInteger(value)
    ? String(value)
    : value.toLocaleString('en', { maximumFractionDigits: 6, useGrouping: false });
}

function isMoment(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text);
}

function None() {
  return <span className={styles['none']}>none</span>;
}

function More({ left }: { readonly left: number }) {
  return left > 0 ? <span className={styles['none']}>{left} more, in the JSON</span> : null;
}

/** JSON as a tree that opens where somebody looks; long lists and texts come in portions. */
import { ActionIcon, CopyButton, Tooltip } from '@mantine/core';
import { Check, ChevronRight, Copy } from 'lucide-react';
import { useState } from 'react';
import type { Json } from '../../plan/json.ts';
import styles from './json-view.module.css';

const portion = 50;
const longText = 240;

/** @param openDepth - levels open at first, default 2 */
export function JsonView({
  value,
  openDepth = 2,
  label = 'JSON',
}: {
  readonly value: Json;
  readonly openDepth?: number;
  readonly label?: string;
}) {
  return (
    <div className={styles['view']}>
      <div className={styles['scroll']} role="group" aria-label={label} tabIndex={0}>
        <Part value={value} openDepth={openDepth} />
      </div>
      <CopyButton value={JSON.stringify(value, null, 2)}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? 'Copied' : 'Copy as JSON'}>
            <ActionIcon
              className={styles['copy']}
              variant="default"
              size="sm"
              onClick={copy}
              aria-label={copied ? 'Copied' : `Copy ${label}`}
            >
              {copied ? <Check size={13} aria-hidden /> : <Copy size={13} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </div>
  );
}

function Part({ value, openDepth }: { readonly value: Json; readonly openDepth: number }) {
  if (typeof value !== 'object' || value === null) return <Scalar value={value} />;
  const entries: readonly (readonly [string, Json])[] = Array.isArray(value)
    ? value.map((one, index) => [String(index), one] as const)
    : Object.entries(value);
  return <Entries entries={entries} openDepth={openDepth} isList={Array.isArray(value)} />;
}

function Entries({
  entries,
  openDepth,
  isList,
}: {
  readonly entries: readonly (readonly [string, Json])[];
  readonly openDepth: number;
  readonly isList: boolean;
}) {
  const [shown, setShown] = useState(portion);
  if (entries.length === 0) return <span className={styles['none']}>{isList ? '[ ]' : '{ }'}</span>;
  return (
    <ul className={styles['entries']}>
      {entries.slice(0, shown).map(([name, value]) => (
        <Entry key={name} name={name} value={value} openDepth={openDepth - 1} isList={isList} />
      ))}
      {entries.length > shown && (
        <li>
          <button
            type="button"
            className={styles['more']}
            onClick={() => setShown(shown + portion * 4)}
          >
            {entries.length - shown} more
          </button>
        </li>
      )}
    </ul>
  );
}

function Entry({
  name,
  value,
  openDepth,
  isList,
}: {
  readonly name: string;
  readonly value: Json;
  readonly openDepth: number;
  readonly isList: boolean;
}) {
  const [isOpen, setIsOpen] = useState(openDepth > 0);
  const size = sizeOf(value);
  const label = <span className={isList ? styles['index'] : styles['name']}>{name}</span>;
  if (size === 0) {
    return (
      <li className={styles['entry']}>
        {label}
        <Part value={value} openDepth={0} />
      </li>
    );
  }
  return (
    <li>
      <button
        type="button"
        className={styles['toggle']}
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
      >
        <ChevronRight size={12} aria-hidden className={styles['chevron']} data-open={isOpen} />
        {label}
        <span className={styles['none']}>{Array.isArray(value) ? `[${size}]` : `{${size}}`}</span>
      </button>
      {isOpen && <Part value={value} openDepth={openDepth} />}
    </li>
  );
}

function sizeOf(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0;
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}

function Scalar({ value }: { readonly value: string | number | boolean | null }) {
  const [isWhole, setIsWhole] = useState(false);
  if (typeof value !== 'string') return <span className={styles['other']}>{String(value)}</span>;
  const isCut = value.length > longText && !isWhole;
  return (
    <span className={styles['text']}>
      {isCut ? `${value.slice(0, longText)}…` : value}
      {isCut && (
        <button type="button" className={styles['more']} onClick={() => setIsWhole(true)}>
          all {value.length} characters
        </button>
      )}
    </span>
  );
}

/** The list itself: only the lines in sight are drawn, the next page is fetched before its first line is. */
import { Checkbox, Loader } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import type { Run } from '../../../api/run-shapes.ts';
import { RunRow } from './run-row.tsx';
import styles from './runs.module.css';

const titles = ['Status', 'Run', 'Workflow', 'Waits for, or why it failed', 'Started', 'Took'];
const lead = 20;

export function RunTable({
  runs,
  total,
  hasMore,
  isFetchingMore,
  onMore,
  mayChoose,
  chosen,
  onChoose,
  onChooseAll,
}: {
  readonly runs: readonly Run[];
  /** Of all pages; `undefined` while it is not known. */
  readonly total: number | undefined;
  readonly hasMore: boolean;
  readonly isFetchingMore: boolean;
  readonly onMore: () => void;
  /** To change several at once. */
  readonly mayChoose: boolean;
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (runId: string, isChosen: boolean) => void;
  /** Those loaded so far. */
  readonly onChooseAll: (isChosen: boolean) => void;
}) {
  const body = useRef<HTMLDivElement>(null);
  const isNarrow = useMediaQuery('(max-width: 62em)');
  const height = isNarrow ? 104 : 40;
  const virtual = useVirtualizer({
    count: runs.length,
    getScrollElement: () => body.current,
    estimateSize: () => height,
    getItemKey: (index) => runs[index]?.runId ?? index,
    overscan: 12,
  });
  useEffect(() => virtual.measure(), [virtual, height]);
  const lines = virtual.getVirtualItems();
  const last = lines.at(-1)?.index ?? 0;
  const isNearEnd = hasMore && !isFetchingMore && last >= runs.length - lead;
  useEffect(() => {
    if (isNearEnd) onMore();
  }, [isNearEnd, onMore]);
  const areAllChosen = runs.length > 0 && runs.every(({ runId }) => chosen.has(runId));

  return (
    <div
      className={`card ${styles['table']}`}
      role="table"
      aria-label="Runs"
      aria-rowcount={total ?? -1}
    >
      <div role="rowgroup">
        <div role="row" className={styles['head']}>
          <div role="columnheader">
            {mayChoose && (
              <Checkbox
                aria-label="Choose every run loaded so far"
                checked={areAllChosen}
                indeterminate={!areAllChosen && chosen.size > 0}
                onChange={(event) => onChooseAll(event.currentTarget.checked)}
              />
            )}
          </div>
          {titles.map((title) => (
            <div
              key={title}
              role="columnheader"
              className={title === 'Took' ? styles['span'] : undefined}
            >
              {title}
            </div>
          ))}
        </div>
      </div>
      <div className={styles['body']} ref={body} role="rowgroup" tabIndex={0} aria-label="Lines">
        <div
          className={styles['sizer']}
          role="presentation"
          style={{ height: virtual.getTotalSize() }}
        >
          {lines.map(({ key, index, start, size }) => {
            const run = runs[index];
            if (run === undefined) return null;
            const isChosen = chosen.has(run.runId);
            return (
              <div
                key={key}
                role="row"
                aria-rowindex={index + 2}
                className={styles['row']}
                data-chosen={isChosen}
                style={{ height: size, transform: `translateY(${start}px)` }}
              >
                <RunRow run={run} mayChoose={mayChoose} isChosen={isChosen} onChoose={onChoose} />
              </div>
            );
          })}
        </div>
      </div>
      <div className={styles['foot']}>
        <span>
          {runs.length.toLocaleString('en')} of {total?.toLocaleString('en') ?? '…'} loaded
        </span>
        {isFetchingMore && <Loader size={14} aria-label="Loading more" />}
      </div>
    </div>
  );
}

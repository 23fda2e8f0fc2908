/** Everything that happened, newest or oldest first; 5,000 entries are drawn a screen at a time. */
import { Button, Group, Loader, SegmentedControl, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronRight, Download } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { HistoryEntry, Run } from '../../../api/run-shapes.ts';
import { client } from '../../data/client.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { durationInWords } from '../../parts/duration.ts';
import { JsonView } from '../../parts/json-view.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import { statusLooks } from '../../parts/status-badge.tsx';
import { absolute } from '../../parts/time.tsx';
import { AuditPackDialog } from './audit-pack-dialog.tsx';
import { ChainBadge, useChain } from './chain-badge.tsx';
import { entryInWords, noteOf } from './entry-words.ts';
import styles from './history.module.css';

type Order = 'newest' | 'oldest';
const pageSize = 200;

export function History({ run }: { readonly run: Run }) {
  const { runId } = run;
  const [order, setOrder] = useState<Order>('newest');
  const chain = useChain(runId, run.entries);
  const pages = useInfiniteQuery({
    queryKey: ['run', runId, 'history', order],
    queryFn: ({ pageParam, signal }) =>
      client.runs.history(
        {
          params: { runId },
          query: {
            order,
            limit: pageSize,
            ...(pageParam !== null &&
              (order === 'oldest' ? { afterSeq: pageParam } : { beforeSeq: pageParam })),
          },
        },
        { signal },
      ),
    initialPageParam: null as number | null,
    getNextPageParam: ({ next }) => next,
  });
  const [isExporting, setIsExporting] = useState(false);
  return (
    <>
      <Group mb="sm" gap="sm">
        <ChainBadge chain={chain} />
        <SegmentedControl
          data={[
            { value: 'newest', label: 'Newest first' },
            { value: 'oldest', label: 'Oldest first' },
          ]}
          value={order}
          onChange={(value) => setOrder(value === 'oldest' ? 'oldest' : 'newest')}
          aria-label="Order"
        />
        <Group gap={4} ml="auto">
          <Button
            variant="default"
            leftSection={<Download size={14} aria-hidden />}
            onClick={() => setIsExporting(true)}
          >
            Export…
          </Button>
          <CliCommand args={['history', runId]} />
        </Group>
      </Group>
      {isExporting && <AuditPackDialog run={run} onClose={() => setIsExporting(false)} />}
      {pages.isPending ? (
        <Loading rows={8} />
      ) : pages.isError ? (
        <Failure error={pages.error} retry={() => void pages.refetch()} />
      ) : (
        <Entries
          entries={pages.data.pages.flatMap((page) => page.entries)}
          total={pages.data.pages[0]?.total ?? 0}
          faultSeq={chain.data?.fault?.seq ?? null}
          isVerified={chain.isSuccess}
          hasMore={pages.hasNextPage}
          isFetchingMore={pages.isFetchingNextPage}
          onMore={() => void pages.fetchNextPage()}
        />
      )}
    </>
  );
}

function Entries({
  entries,
  total,
  faultSeq,
  isVerified,
  hasMore,
  isFetchingMore,
  onMore,
}: {
  readonly entries: readonly HistoryEntry[];
  readonly total: number;
  /** First entry that is not sound; `null`: all are. */
  readonly faultSeq: number | null;
  /** The chain has been recomputed. */
  readonly isVerified: boolean;
  readonly hasMore: boolean;
  readonly isFetchingMore: boolean;
  readonly onMore: () => void;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => frame.current,
    estimateSize: () => 36,
    getItemKey: (index) => entries[index]?.seq ?? index,
    overscan: 10,
  });
  const lines = virtual.getVirtualItems();
  const last = lines.at(-1)?.index ?? 0;
  const isNearEnd = hasMore && !isFetchingMore && last >= entries.length - 30;
  useEffect(() => {
    if (isNearEnd) onMore();
  }, [isNearEnd, onMore]);
  const toggle = (seq: number) =>
    setOpen((before) => {
      const after = new Set(before);
      if (!after.delete(seq)) after.add(seq);
      return after;
    });
  return (
    <div className="card">
      <div
        ref={frame}
        className={styles['frame']}
        tabIndex={0}
        role="list"
        aria-label="Entries of the history"
      >
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {lines.map(({ key, index, start }) => {
            const entry = entries[index];
            if (entry === undefined) return null;
            return (
              <div
                key={key}
                role="listitem"
                data-index={index}
                ref={virtual.measureElement}
                className={styles['line']}
                style={{ transform: `translateY(${start}px)` }}
              >
                <Entry
                  entry={entry}
                  isOpen={open.has(entry.seq)}
                  onToggle={() => toggle(entry.seq)}
                  isSound={isVerified ? faultSeq === null || entry.seq < faultSeq : null}
                />
              </div>
            );
          })}
        </div>
      </div>
      <div className={styles['foot']}>
        {entries.length.toLocaleString('en')} of {total.toLocaleString('en')} loaded
        {isFetchingMore && <Loader size={13} aria-label="Loading more" />}
      </div>
    </div>
  );
}

function Entry({
  entry,
  isOpen,
  onToggle,
  isSound,
}: {
  readonly entry: HistoryEntry;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  /** `null`: not known yet. */
  readonly isSound: boolean | null;
}) {
  const { seq, atMs, event, actor, from, to, attempt, durationMs, error, hash } = entry;
  const at = new Date(atMs).toISOString();
  const message = error?.['message'];
  const words = entryInWords(entry);
  const note = noteOf(entry);
  return (
    <>
      <button type="button" className={styles['entry']} aria-expanded={isOpen} onClick={onToggle}>
        <ChevronRight size={13} aria-hidden className={styles['chevron']} data-open={isOpen} />
        <span className={styles['seq']}>{seq}</span>
        <span className={`truncate ${styles['event']}`} data-failed={error !== null} title={event}>
          {words ?? <span className="mono">{event}</span>}
          {attempt !== null && attempt > 1 && `, attempt ${attempt}`}
        </span>
        <span className={`truncate ${styles['detail']}`}>
          {from !== to && (
            <span className={styles['change']}>
              {from === null ? '' : `${statusLooks[from].label} → `}
              {statusLooks[to].label}{' '}
            </span>
          )}
          {typeof message === 'string' && <span className={styles['error']}>{message}</span>}
          {note !== null && <span title={note}>“{note}”</span>}
        </span>
        <span className={`truncate ${styles['actor']}`}>{actor}</span>
        <span className={styles['took']}>
          {durationMs === null ? '' : durationInWords(durationMs)}
        </span>
        <span className={styles['at']}>
          <time dateTime={at}>{absolute(at)}</time>
        </span>
        <span className={`mono ${styles['hash']}`} data-sound={isSound} title={hash}>
          {isSound === true ? '✓ ' : isSound === false ? '✗ ' : ''}
          {hash.slice(0, 8)}
          <span className="visually-hidden">
            {isSound === true ? ' verified' : isSound === false ? ' not sound' : ''}
          </span>
        </span>
      </button>
      {isOpen && (
        <div className={styles['raw']}>
          <Text size="xs" c="dimmed" mb={4}>
            The entry as it is stored, sensitive values replaced
          </Text>
          <JsonView value={{ ...entry }} openDepth={1} label={`entry ${seq}`} />
        </div>
      )}
    </>
  );
}

/**
 * The reviews one below the other; only those in sight are drawn and asked for. The row with the focus is the chosen one, so that keys, mouse and
 * screen reader agree.
 */
import { Skeleton } from '@mantine/core';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { Review } from '../../../api/reviews.ts';
import { Time } from '../../parts/time.tsx';
import { titleOf } from '../../schema-form/field-shape.ts';
import styles from './inbox.module.css';
import { ReviewTags } from './review-tags.tsx';
import { addressOfReview, questionOf } from './review-words.ts';
import { type InboxQuery, useReviewsBetween } from './use-inbox.ts';

const usualHeight = 88;

export function InboxList({
  query,
  total,
}: {
  readonly query: InboxQuery;
  readonly total: number;
}) {
  const list = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  useEffect(() => {
    const { top: inSight = 0 } = list.current?.getBoundingClientRect() ?? {};
    setTop(inSight + window.scrollY);
  }, []);
  const virtual = useWindowVirtualizer({
    count: total,
    estimateSize: () => usualHeight,
    overscan: 8,
    scrollMargin: top,
  });
  const rows = virtual.getVirtualItems();
  const reviewAt = useReviewsBetween(query, rows[0]?.index ?? 0, rows.at(-1)?.index ?? 0);
  useRowKeys(list, virtual.range?.startIndex ?? 0, reviewAt);
  return (
    <ul
      ref={list}
      className={`card ${styles['list'] ?? ''}`}
      aria-label="Open reviews"
      style={{ height: virtual.getTotalSize() }}
    >
      {rows.map(({ index, start }) => {
        const review = reviewAt(index);
        return (
          <li
            key={index}
            ref={virtual.measureElement}
            data-index={index}
            className={styles['item']}
            style={{ transform: `translateY(${start - top}px)` }}
            aria-setsize={total}
            aria-posinset={index + 1}
          >
            {review === undefined ? <Arriving /> : <Row review={review} place={index} />}
          </li>
        );
      })}
    </ul>
  );
}

function Arriving() {
  return (
    <div style={{ height: usualHeight, padding: 12 }}>
      <Skeleton height={12} width="40%" mb={10} />
      <Skeleton height={10} width="70%" />
    </div>
  );
}

function Row({ review, place }: { readonly review: Review; readonly place: number }) {
  return (
    <Link href={addressOfReview(review)} className={styles['link'] ?? ''} data-place={place}>
      <span className={styles['title']}>{questionOf(review)}</span>
      <span className={styles['due']}>
        <Due review={review} />
      </span>
      <Gist review={review} />
      <span className={styles['about']}>
        {review.workflow}
        {' · '}
        <span className="mono">{review.key ?? review.runId}</span>
        {review.requestedBy !== null && ` · started by ${review.requestedBy}`}
        {' · asked '}
        <Time at={review.since} />
      </span>
      <span className={styles['tags']}>
        <ReviewTags review={review} />
      </span>
    </Link>
  );
}

/** What tells it from the others. */
function Gist({ review: { gist, labels } }: { readonly review: Review }) {
  if (gist.length === 0 && Object.keys(labels).length === 0) return null;
  return (
    <span className={styles['gist']}>
      {gist.map(({ name, value }, index) => (
        <span key={index} dir="auto">
          {name !== '' && <span className={styles['name']}>{titleOf(name)} </span>}
          {value}
        </span>
      ))}
      {Object.entries(labels).map(([name, value]) => (
        <span key={`${name}=`} className={styles['label']} title={`${name}=${value}`} dir="auto">
          {value}
        </span>
      ))}
    </span>
  );
}

function Due({ review }: { readonly review: Review }) {
  if (review.dueAt === null) return 'No deadline';
  return (
    <>
      Due <Time at={review.dueAt} />
    </>
  );
}

/** `j` and `k` move the focus from row to row, `a` and `r` open the row to approve or reject. */
function useRowKeys(
  list: React.RefObject<HTMLUListElement | null>,
  firstInSight: number,
  reviewAt: (place: number) => Review | undefined,
): void {
  const [, navigate] = useLocation();
  useEffect(() => {
    const focus = (place: number) =>
      list.current?.querySelector<HTMLElement>(`[data-place="${place}"]`)?.focus();
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const chosen = document.activeElement?.getAttribute('data-place');
      const place = chosen == null ? null : Number(chosen);
      switch (event.key) {
        case 'j':
          focus(place === null ? firstInSight : place + 1);
          break;
        case 'k':
          focus(place === null ? firstInSight : place - 1);
          break;
        case 'a':
        case 'r': {
          const review = place === null ? undefined : reviewAt(place);
          if (review === undefined) return;
          const outcome = event.key === 'a' ? 'approved' : 'rejected';
          navigate(`${addressOfReview(review)}?outcome=${outcome}`);
          break;
        }
        default:
          return;
      }
      event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [list, firstInSight, reviewAt, navigate]);
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  );
}

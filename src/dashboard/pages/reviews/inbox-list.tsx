/** The reviews one below the other. The row with the focus is the chosen one, so that keys, mouse and screen reader agree. */
import { useEffect, useRef } from 'react';
import { Link, useLocation } from 'wouter';
import type { Review } from '../../../api/reviews.ts';
import { Time } from '../../parts/time.tsx';
import styles from './inbox.module.css';
import { ReviewTags } from './review-tags.tsx';
import { addressOfReview, questionOf } from './review-words.ts';

export function InboxList({ reviews }: { readonly reviews: readonly Review[] }) {
  const list = useRef<HTMLUListElement>(null);
  useRowKeys(list, reviews);
  return (
    <ul ref={list} className={`card ${styles['list'] ?? ''}`} aria-label="Open reviews">
      {reviews.map((review) => (
        <li key={addressOfReview(review)} className={styles['item']}>
          <Link href={addressOfReview(review)} className={styles['link'] ?? ''}>
            <span className={styles['title']}>{questionOf(review)}</span>
            <span className={styles['due']}>
              <Due review={review} />
            </span>
            <span className={styles['about']}>
              {review.workflow}
              {' · '}
              <span className="mono">{review.runId}</span>
              {review.requestedBy !== null && ` · started by ${review.requestedBy}`}
              {' · asked '}
              <Time at={review.since} />
            </span>
            <span className={styles['tags']}>
              <ReviewTags review={review} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
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
  reviews: readonly Review[],
): void {
  const [, navigate] = useLocation();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const links = [...(list.current?.querySelectorAll<HTMLElement>('a') ?? [])];
      const at = links.findIndex((link) => link === document.activeElement);
      switch (event.key) {
        case 'j':
          links[Math.min(at + 1, links.length - 1)]?.focus();
          break;
        case 'k':
          links[Math.max(at - 1, 0)]?.focus();
          break;
        case 'a':
        case 'r': {
          const review = reviews[at];
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
  }, [list, reviews, navigate]);
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  );
}

/** What is special about a review, each as word and icon. */
import {
  BellRing,
  CirclePause,
  Hand,
  Lock,
  ThumbsDown,
  TrendingUp,
  UserRound,
  Users,
} from 'lucide-react';
import type { Review } from '../../../api/reviews.ts';
import { Tag } from '../../parts/status-badge.tsx';

export function ReviewTags({ review }: { readonly review: Review }) {
  const { approvals, assignees, claimedBy, escalatedTo, mayDecide } = review;
  const { rejections, reminders } = review;
  return (
    <>
      {review.paused && (
        <Tag tint="amber" icon={CirclePause}>
          Paused
        </Tag>
      )}
      {claimedBy !== null && (
        <Tag tint="blue" icon={Hand}>
          {`Held by ${claimedBy.actor}`}
        </Tag>
      )}
      {approvals.needed > 1 && (
        <Tag icon={Users}>
          {`${approvals.given.length} of ${approvals.needed} approvals${missingText(approvals.from)}`}
        </Tag>
      )}
      {rejections.needed > 1 && rejections.given.length > 0 && (
        <Tag tint="red" icon={ThumbsDown}>
          {`${rejections.given.length} of ${rejections.needed} rejections`}
        </Tag>
      )}
      {assignees !== null && <Tag icon={UserRound}>{`For ${assignees.join(', ')}`}</Tag>}
      {escalatedTo.length > 0 && (
        <Tag tint="amber" icon={TrendingUp}>
          {`Escalated to ${escalatedTo.join(', ')}`}
        </Tag>
      )}
      {reminders > 0 && (
        <Tag icon={BellRing}>
          {reminders === 1 ? 'Reminded once' : `Reminded ${reminders} times`}
        </Tag>
      )}
      {!mayDecide && <Tag icon={Lock}>{review.whyNot ?? 'You may not decide it'}</Tag>}
    </>
  );
}

/** The groups that are still to approve. */
function missingText(from: Review['approvals']['from']): string {
  const missing = from.filter(({ needed, given }) => given < needed).map(({ group }) => group);
  return missing.length === 0 ? '' : `, ${missing.join(' and ')} missing`;
}

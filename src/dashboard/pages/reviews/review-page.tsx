/** One review: what is to be decided, what has changed since it was last shown, and the decision. */
import { Anchor, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ArrowLeft } from 'lucide-react';
import { useState } from 'react';
import { Link, useParams } from 'wouter';
import { ServiceError } from '../../../client/index.ts';
import { client } from '../../data/client.ts';
import { useRoles } from '../../data/me.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';
import { Decided, type Decision } from './decided.tsx';
import { DecisionForm } from './decision-form.tsx';
import styles from './review.module.css';
import { ReviewActions } from './review-actions.tsx';
import { ReviewFacts } from './review-facts.tsx';
import { ReviewHistory } from './review-history.tsx';
import { ReviewTags } from './review-tags.tsx';
import { questionOf } from './review-words.ts';
import { Shown } from './shown.tsx';

export function ReviewPage() {
  const isReviewer = useRoles().reviewer;
  const { runId = '', step = '' } = useParams();
  const [decision, setDecision] = useState<Decision | null>(null);
  const asked = useQuery({
    queryKey: ['reviews', 'one', runId, step],
    queryFn: ({ signal }) => client.reviews.get({ params: { runId, step } }, { signal }),
    enabled: decision === null,
    refetchInterval: 5_000,
  });
  const review = asked.data;
  if (decision !== null) return <Decided decision={decision} runId={runId} step={step} />;
  const isClosed =
    asked.error instanceof ServiceError &&
    ['REVIEW_NOT_OPEN', 'RUN_FINISHED'].includes(asked.error.code);
  if (isClosed) {
    return (
      <Empty title="This review is closed">
        It was decided, or the run has gone on without it.{' '}
        <Anchor component={Link} size="sm" href={`/runs/${encodeURIComponent(runId)}`}>
          See the run
        </Anchor>
      </Empty>
    );
  }
  if (review === undefined) {
    return asked.isError ? (
      <Failure error={asked.error} retry={() => void asked.refetch()} />
    ) : (
      <Loading />
    );
  }
  return (
    <>
      <Anchor component={Link} href="/reviews" size="sm" mb="xs" display="inline-block">
        <Group gap={4} component="span">
          <ArrowLeft size={14} aria-hidden /> Reviews
        </Group>
      </Anchor>
      <PageHeader
        title={questionOf(review)}
        about={
          <>
            {review.workflow}, run{' '}
            <Anchor
              component={Link}
              size="sm"
              href={`/runs/${encodeURIComponent(runId)}`}
              className="mono"
            >
              {review.key ?? runId}
            </Anchor>
            {review.requestedBy !== null && `, started by ${review.requestedBy}`}, asked{' '}
            <Time at={review.since} />
          </>
        }
      >
        {isReviewer && <ReviewActions review={review} />}
      </PageHeader>
      <Group gap={6} mb="md">
        <ReviewTags review={review} />
      </Group>
      <div className={styles['review']}>
        <div className={styles['shown']}>
          <Shown review={review} />
        </div>
        <div className={styles['decision']}>
          <DecisionForm
            key={`${review.runId}/${review.step}`}
            review={review}
            onDecided={setDecision}
          />
          <ReviewFacts review={review} />
        </div>
        <div className={styles['history']}>
          <ReviewHistory review={review} />
        </div>
      </div>
      <Text size="xs" c="dimmed" mt="md" visibleFrom="sm">
        Keys: a approve, r reject, c comment.
      </Text>
    </>
  );
}

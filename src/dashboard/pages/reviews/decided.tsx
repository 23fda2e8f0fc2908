/** After the decision: that it is recorded, and what to look at next. */
import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleCheck } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Link } from 'wouter';
import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { addressOfReview, type Outcome, outcomeWords, questionOf } from './review-words.ts';

export type Decision = AnswerOf<typeof api.reviews.decide> & { readonly outcome: Outcome };

export function Decided({
  decision,
  runId,
  step,
}: {
  readonly decision: Decision;
  readonly runId: string;
  readonly step: string;
}) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  const { data } = useQuery({
    queryKey: ['reviews', 'next'],
    queryFn: ({ signal }) =>
      client.reviews.list({ query: { scope: 'decidable', limit: 2 } }, { signal }),
    staleTime: 0,
  });
  const next = data?.reviews.find((review) => review.runId !== runId || review.step !== step);
  return (
    <Stack align="center" py={56} gap="sm" role="status">
      <CircleCheck size={36} strokeWidth={1.5} aria-hidden color="var(--sb-green-ink)" />
      <Title order={1} ref={title} tabIndex={-1} style={{ outline: 'none' }}>
        {outcomeWords[decision.outcome].done}
      </Title>
      <Text size="sm" c="dimmed" ta="center" maw={440}>
        {decision.isOpen
          ? `Your decision is recorded. ${stillNeeded(decision)}`
          : 'Your decision is recorded in the history of the run.'}
      </Text>
      <Group gap="sm" justify="center" mt="xs">
        {next !== undefined && (
          <Button component={Link} href={addressOfReview(next)} size="sm">
            Next: {questionOf(next)}
          </Button>
        )}
        <Button
          component={Link}
          href={`/runs/${encodeURIComponent(runId)}`}
          variant="default"
          size="sm"
        >
          See the run
        </Button>
        <Button component={Link} href="/reviews" variant="subtle" size="sm">
          All reviews
        </Button>
      </Group>
    </Stack>
  );
}

function stillNeeded({ outcome, missing, missingRejections }: Decision): string {
  if (outcome === 'rejected')
    return `${missingRejections} more ${missingRejections === 1 ? 'rejection ends' : 'rejections end'} the review; until then others may still approve.`;
  return `${missing} more ${missing === 1 ? 'approval is' : 'approvals are'} needed before the run goes on.`;
}

import { Text, Timeline, Title } from '@mantine/core';
import type { ReviewDetails } from '../../../api/reviews.ts';
import { Time } from '../../parts/time.tsx';

/** What has happened to this review so far, from the history of the run. */
export function ReviewHistory({ review }: { readonly review: ReviewDetails }) {
  if (review.history.length === 0) return null;
  return (
    <section className="card" aria-labelledby="so-far" style={{ padding: 16 }}>
      <Title order={2} id="so-far" mb="sm">
        So far
      </Title>
      <Timeline bulletSize={10} lineWidth={1} active={review.history.length}>
        {review.history.map(({ seq, at, event, actor, data }) => (
          <Timeline.Item key={seq}>
            <Text size="sm">
              {sentenceOf(event)} by {actor}
            </Text>
            {commentOf(data) !== null && <Text size="sm">“{commentOf(data)}”</Text>}
            <Text size="xs" c="dimmed">
              <Time at={at} />
            </Text>
          </Timeline.Item>
        ))}
      </Timeline>
    </section>
  );
}

/** Of what does not say by itself what has happened. */
const sentences: ReadonlyMap<string, string> = new Map([
  ['voted', 'Approved'],
  ['objected', 'Rejected'],
  ['told', 'Message sent'],
  ['not_told', 'Message given up'],
]);

/** `review.escalated` as `Escalated`. */
function sentenceOf(event: string): string {
  const last = event.split('.').at(-1) ?? event;
  const words = sentences.get(last) ?? last.replaceAll('_', ' ').replace(/ \d+$/, '');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function commentOf(data: unknown): string | null {
  if (typeof data !== 'object' || data === null) return null;
  const text = Reflect.get(data, 'comment') ?? Reflect.get(data, 'reason');
  return typeof text === 'string' ? text : null;
}

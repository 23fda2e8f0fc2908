/** The rules of a review: who may decide, how many must, until when, and who has so far. */
import { Group, List, Table, Text, Title } from '@mantine/core';
import { CircleCheck, CircleDashed } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ReviewDetails } from '../../../api/reviews.ts';
import { Tag } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';

export function ReviewFacts({ review }: { readonly review: ReviewDetails }) {
  const { rejections } = review;
  const { approvals, assignees, claimedBy, delegatedTo, dueAt, escalatedTo, excluded, reminders } =
    review;
  return (
    <section className="card" aria-labelledby="rules" style={{ padding: 16 }}>
      <Title order={2} id="rules" mb="xs">
        Who decides, and until when
      </Title>
      <Table withRowBorders={false} layout="fixed">
        <Table.Tbody>
          <Row name="For">{assignees === null ? 'Anybody' : assignees.join(', ')}</Row>
          {excluded.length > 0 && <Row name="Not by">{excluded.join(', ')}</Row>}
          <Row name="Deadline">
            {dueAt === null ? (
              'None'
            ) : (
              <>
                <Time at={dueAt} />
                {review.afterwards !== null && `; then ${review.afterwards}`}
              </>
            )}
          </Row>
          {(approvals.needed > 1 || approvals.given.length > 0) && (
            <Row name="Approvals">
              {approvals.given.length} of {approvals.needed}
              {approvals.from.length > 0 && <Shares shares={approvals.from} />}
              <Votes votes={approvals.given} />
            </Row>
          )}
          {(rejections.needed > 1 || rejections.given.length > 0) && (
            <Row name="Rejections">
              {rejections.given.length} of {rejections.needed} that end it
              <Votes votes={rejections.given} />
            </Row>
          )}
          {claimedBy !== null && (
            <Row name="Held by">
              {claimedBy.actor}, taken <Time at={claimedBy.at} />
              {claimedBy.until !== null && (
                <>
                  , ends <Time at={claimedBy.until} />
                </>
              )}
            </Row>
          )}
          {delegatedTo.length > 0 && (
            <Row name="Delegated">
              {delegatedTo.map(({ from, to, at, reason }) => (
                <div key={`${from} ${to} ${at}`}>
                  {from} → {to}, <Time at={at} />
                  {reason !== null && `: ${reason}`}
                </div>
              ))}
            </Row>
          )}
          {reminders > 0 && <Row name="Reminders">{reminders} sent</Row>}
          {escalatedTo.length > 0 && <Row name="Escalated to">{escalatedTo.join(', ')}</Row>}
        </Table.Tbody>
      </Table>
    </section>
  );
}

/** How many of each group have approved. */
function Shares({ shares }: { readonly shares: Standing['approvals']['from'] }) {
  return (
    <Group gap={6} mt={4} role="list" aria-label="Approvals by group">
      {shares.map(({ group, needed, given }) => {
        const isFull = given >= needed;
        return (
          <span role="listitem" key={group}>
            <Tag tint={isFull ? 'green' : 'amber'} icon={isFull ? CircleCheck : CircleDashed}>
              {`${group} ${given} of ${needed}`}
            </Tag>
          </span>
        );
      })}
    </Group>
  );
}

type Standing = Pick<ReviewDetails, 'approvals' | 'rejections'>;
type Vote = Standing['rejections']['given'][number] & { readonly groups?: readonly string[] };

function Votes({ votes }: { readonly votes: readonly Vote[] }) {
  if (votes.length === 0) return null;
  return (
    <List size="sm" mt={4}>
      {votes.map(({ actor, onBehalfOf, at, comment, groups = [] }) => (
        <List.Item key={actor}>
          {actor}
          {onBehalfOf !== null && ` for ${onBehalfOf}`}
          {groups.length > 0 && ` (${groups.join(', ')})`}, <Time at={at} />
          {comment !== null && (
            <Text size="sm" c="dimmed">
              {comment}
            </Text>
          )}
        </List.Item>
      ))}
    </List>
  );
}

function Row({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <Table.Tr>
      <Table.Th w={110} fw={400} c="dimmed" px={0} style={{ verticalAlign: 'top' }}>
        {name}
      </Table.Th>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>{children}</Table.Td>
    </Table.Tr>
  );
}

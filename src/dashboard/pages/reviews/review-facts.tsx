/** The rules of a review: who may decide, how many must, until when, and who has so far. */
import { List, Table, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ReviewDetails } from '../../../api/reviews.ts';
import { Time } from '../../parts/time.tsx';

export function ReviewFacts({ review }: { readonly review: ReviewDetails }) {
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
              {approvals.given.length > 0 && (
                <List size="sm" mt={4}>
                  {approvals.given.map((vote) => (
                    <List.Item key={vote.actor}>
                      {vote.actor}
                      {vote.onBehalfOf !== null && ` for ${vote.onBehalfOf}`}, <Time at={vote.at} />
                      {vote.comment !== null && (
                        <Text size="sm" c="dimmed">
                          {vote.comment}
                        </Text>
                      )}
                    </List.Item>
                  ))}
                </List>
              )}
            </Row>
          )}
          {claimedBy !== null && (
            <Row name="Held by">
              {claimedBy.actor}, since <Time at={claimedBy.at} />
              {claimedBy.until !== null && (
                <>
                  , until <Time at={claimedBy.until} />
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

/** Messages to people about reviews: what was sent, what is tried again, and what was given up. */
import { Anchor, Button, Group, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CircleCheck, CircleSlash, CircleX, Clock3, MailCheck, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { callArguments } from '../../parts/call-arguments.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { notifyDone, notifyFailed } from '../../parts/notify.ts';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';

type Notice = AnswerOf<typeof api.links.notices>['notices'][number];

const looks = {
  failed: { tint: 'red', icon: CircleX, label: 'Given up' },
  sending: { tint: 'blue', icon: Clock3, label: 'On its way' },
  sent: { tint: 'green', icon: CircleCheck, label: 'Sent' },
  over: { tint: 'neutral', icon: CircleSlash, label: 'Over' },
} as const;
const kinds = {
  opened: 'Asked:',
  reminder: 'Reminded:',
  escalated: 'Escalated to',
  delegated: 'Delegated to',
} as const;
const shown = ['failed', 'sending', 'sent'] as const;

export function Notices() {
  const [status, setStatus] = useState<(typeof shown)[number]>('failed');
  const list = useQuery({
    queryKey: ['notices', status],
    queryFn: ({ signal }) => client.links.notices({ query: { status } }, { signal }),
    refetchInterval: 5_000,
  });
  return (
    <Stack gap="md">
      <SegmentedControl
        aria-label="Which messages"
        style={{ alignSelf: 'flex-start' }}
        value={status}
        onChange={(next) => setStatus(shown.find((each) => each === next) ?? 'failed')}
        data={shown.map((value) => ({ value, label: looks[value].label }))}
      />
      {list.isPending && <Loading rows={3} />}
      {list.isError && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.data?.notices.length === 0 && (
        <Empty icon={MailCheck} title="None">
          {status === 'failed'
            ? 'A message about a review that nobody took, or that reaches nobody, is kept here.'
            : 'People are told of reviews by the addresses in the settings of the service.'}
        </Empty>
      )}
      {list.data !== undefined && list.data.notices.length > 0 && (
        <Table.ScrollContainer minWidth={560} tabIndex={0} role="group" aria-label="Messages">
          <Table>
            <Table.Tbody>
              {list.data.notices.map((notice) => (
                <Row key={notice.id} notice={notice} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Stack>
  );
}

function Row({ notice }: { readonly notice: Notice }) {
  const { id, runId, step, recipient, channel, kind, status, attempts, issuedAt, error } = notice;
  const params = { noticeId: id };
  const queries = useQueryClient();
  const retry = useMutation({
    mutationFn: () => client.links.retryNotice({ params }),
    onSuccess() {
      notifyDone('It is on its way again');
      return queries.invalidateQueries({ queryKey: ['notices'] });
    },
    onError: (problem) => notifyFailed('It was not sent again', problem),
  });
  const { tint, icon, label } = looks[status];
  return (
    <Table.Tr>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>
        <Text size="sm">
          {kinds[kind]} <b>{recipient}</b>
          {channel !== 'none' && ` by ${channel}`}
        </Text>
        <Anchor
          component={Link}
          size="sm"
          href={`/reviews/${encodeURIComponent(runId)}/${encodeURIComponent(step)}`}
        >
          {step} of {runId}
        </Anchor>
        {error !== null && (
          <Text size="xs" c="dimmed">
            {error}
          </Text>
        )}
      </Table.Td>
      <Table.Td style={{ whiteSpace: 'nowrap' }}>
        <Tag tint={tint} icon={icon}>
          {label}
        </Tag>
        <Text size="xs" c="dimmed" mt={4}>
          <Time at={issuedAt} />, {attempts} {attempts === 1 ? 'attempt' : 'attempts'}
        </Text>
      </Table.Td>
      <Table.Td>
        {status === 'failed' && (
          <Group gap="xs" wrap="nowrap">
            <Button
              variant="default"
              leftSection={<RotateCcw size={14} aria-hidden />}
              loading={retry.isPending}
              onClick={() => retry.mutate()}
            >
              Send again
            </Button>
            <CliCommand args={callArguments(api.links.retryNotice, { params })} />
          </Group>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

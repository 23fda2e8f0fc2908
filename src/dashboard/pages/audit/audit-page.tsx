/** What people and programs did to the service, in a chain of hashes that can be checked. */
import { Alert, Button, Code, Group, Table, Text, TextInput } from '@mantine/core';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { CircleCheck, CircleX, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { client } from '../../data/client.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { absolute } from '../../parts/time.tsx';

export function AuditPage() {
  const [actor, setActor] = useState('');
  const [action, setAction] = useState('');
  const query = {
    ...(actor.trim() === '' ? {} : { actor: actor.trim() }),
    ...(action.trim() === '' ? {} : { action: action.trim() }),
  };
  const list = useInfiniteQuery({
    queryKey: ['audit', query],
    initialPageParam: '',
    queryFn: ({ signal, pageParam }) =>
      client.audit.list(
        { query: { ...query, ...(pageParam === '' ? {} : { cursor: pageParam }) } },
        { signal },
      ),
    getNextPageParam: ({ cursor }) => cursor,
    refetchInterval: 10_000,
  });
  const verify = useMutation({ mutationFn: () => client.audit.verify() });
  const entries = list.data?.pages.flatMap((page) => page.entries);
  return (
    <>
      <PageHeader
        title="Audit"
        about="What was done to the service, by whom. What was done to a run stands in the run’s history."
      >
        <Button
          variant="default"
          leftSection={<ShieldCheck size={14} aria-hidden />}
          loading={verify.isPending}
          onClick={() => verify.mutate()}
        >
          Check the chain
        </Button>
      </PageHeader>
      <div role="status">
        {verify.data !== undefined && (
          <Alert
            mb="md"
            variant="light"
            color={verify.data.fault === null ? 'green' : 'red'}
            icon={verify.data.fault === null ? <CircleCheck size={18} /> : <CircleX size={18} />}
            title={
              verify.data.fault === null
                ? `Sound: ${verify.data.entries} ${verify.data.entries === 1 ? 'entry' : 'entries'}`
                : `Broken at entry ${verify.data.fault.seq}: ${verify.data.fault.reason}`
            }
          >
            Head of the chain:{' '}
            <Code style={{ overflowWrap: 'anywhere' }}>{verify.data.headHash}</Code>
          </Alert>
        )}
        {verify.isError && <Failure error={verify.error} />}
      </div>
      <Group gap="sm" mb="md" align="flex-end">
        <TextInput
          label="Who"
          placeholder="Everybody"
          value={actor}
          onChange={(event) => setActor(event.currentTarget.value)}
        />
        <TextInput
          label="What"
          placeholder="Everything, or as token"
          value={action}
          onChange={(event) => setAction(event.currentTarget.value)}
        />
      </Group>
      {list.isPending && <Loading />}
      {list.isError && entries === undefined && (
        <Failure error={list.error} retry={() => void list.refetch()} />
      )}
      {entries?.length === 0 && (
        <Empty
          icon={ShieldCheck}
          title={
            Object.keys(query).length > 0 ? 'No entry fits the filter' : 'Nothing has been done yet'
          }
        >
          Tokens made, breakers reset, schedules paused, calls refused: each leaves an entry. Who
          approved a payment stands in the history of its run.
        </Empty>
      )}
      {entries !== undefined && entries.length > 0 && (
        <div className="card">
          <DataTable
            label="Entries"
            minWidth={860}
            columns={['Entry', 'When', 'Who', 'What', 'To what', 'Outcome', 'Details']}
          >
            {entries.map((entry) => (
              <Table.Tr key={entry.seq}>
                <Table.Td className="tabular">{entry.seq}</Table.Td>
                <Table.Td className="tabular" style={{ whiteSpace: 'nowrap' }}>
                  <time dateTime={entry.at}>{absolute(entry.at)}</time>
                </Table.Td>
                <Table.Td>{entry.actor}</Table.Td>
                <Table.Td>{entry.action}</Table.Td>
                <Table.Td className="mono">{entry.subject}</Table.Td>
                <Table.Td>
                  <Tag
                    tint={entry.outcome === 'done' ? 'green' : 'red'}
                    icon={entry.outcome === 'done' ? CircleCheck : CircleX}
                  >
                    {entry.outcome === 'done' ? 'Done' : 'Refused'}
                  </Tag>
                </Table.Td>
                <Table.Td miw={220}>
                  {Object.entries(entry.details).map(([name, value]) => (
                    <Text key={name} size="xs" style={{ overflowWrap: 'anywhere' }}>
                      {name}: {typeof value === 'string' ? value : JSON.stringify(value)}
                    </Text>
                  ))}
                </Table.Td>
              </Table.Tr>
            ))}
          </DataTable>
          {list.hasNextPage && (
            <Button
              m="sm"
              variant="default"
              loading={list.isFetchingNextPage}
              onClick={() => void list.fetchNextPage()}
            >
              Earlier ones
            </Button>
          )}
        </div>
      )}
    </>
  );
}

/** Every workflow that can be started, and how its runs stand. */
import { Alert, Anchor, Group, Stack, Table, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CirclePause, Search } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { usePauses } from '../../data/pauses.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { RunCounts } from './run-counts.tsx';

type Summary = AnswerOf<typeof api.workflows.list>['workflows'][number];

export function WorkflowsPage() {
  const [text, setText] = useState('');
  const list = useQuery({
    queryKey: ['workflows', 'list'],
    queryFn: ({ signal }) => client.workflows.list({}, { signal }),
    refetchInterval: 10_000,
  });
  const { data: pauses } = usePauses();
  const wanted = text.trim().toLowerCase();
  const shown = list.data?.workflows.filter(
    ({ name, description, owner }) =>
      wanted === '' ||
      [name, description, owner].some((each) => each?.toLowerCase().includes(wanted)),
  );
  return (
    <>
      <PageHeader title="Workflows" about="What can be started here, and how its runs stand.">
        <CliCommand args={['workflows']} />
      </PageHeader>
      <TextInput
        aria-label="Narrow down by name, description or owner"
        placeholder="Name, description or owner"
        leftSection={<Search size={14} aria-hidden />}
        maw={340}
        mb="sm"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {list.data?.problems.map(({ module, message }) => (
        <Alert
          key={module}
          color="red"
          variant="light"
          mb="sm"
          title={`${module} could not be loaded`}
        >
          {message}
        </Alert>
      ))}
      {list.isPending && <Loading />}
      {list.isError && list.data === undefined && (
        <Failure error={list.error} retry={() => void list.refetch()} />
      )}
      {shown?.length === 0 && (
        <Empty
          title={wanted === '' ? 'There is no workflow' : `No workflow has "${text.trim()}" in it`}
        />
      )}
      {shown !== undefined && shown.length > 0 && (
        <div className="card">
          <Table highlightOnHover>
            <Table.Thead visibleFrom="sm">
              <Table.Tr>
                <Table.Th scope="col">Workflow</Table.Th>
                <Table.Th scope="col">Runs</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {shown.map((workflow) => (
                <Row
                  key={workflow.name}
                  workflow={workflow}
                  isPaused={pauses?.some((pause) => pause.workflow === workflow.name) ?? false}
                />
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </>
  );
}

function Row({ workflow, isPaused }: { readonly workflow: Summary; readonly isPaused: boolean }) {
  const { name, version, description, owner, steps, reviews, startOn } = workflow;
  return (
    <Table.Tr>
      <Table.Td>
        <Stack gap={2}>
          <Group gap={8}>
            <Anchor
              component={Link}
              href={`/workflows/${encodeURIComponent(name)}`}
              fw={600}
              size="sm"
            >
              {name}
            </Anchor>
            {isPaused && (
              <Tag tint="amber" icon={CirclePause}>
                Paused
              </Tag>
            )}
            <Text size="xs" c="dimmed">
              version {version}
              {owner !== null && ` · ${owner}`}
            </Text>
          </Group>
          {description !== null && (
            <Text size="sm" maw={720}>
              {description}
            </Text>
          )}
          <Text size="xs" c="dimmed">
            {[
              `${steps} ${steps === 1 ? 'step' : 'steps'}`,
              ...(reviews === 0 ? [] : [`${reviews} ${reviews === 1 ? 'review' : 'reviews'}`]),
              ...(startOn.length === 0 ? [] : [`started by ${startOn.join(', ')}`]),
            ].join(' · ')}
          </Text>
        </Stack>
      </Table.Td>
      <Table.Td style={{ verticalAlign: 'top' }}>
        <RunCounts workflow={name} counts={workflow.runs} />
      </Table.Td>
    </Table.Tr>
  );
}

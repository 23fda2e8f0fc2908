/** Versions of a workflow, where their runs stand, and what changes from one to another. */
import { Alert, NativeSelect, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { client } from '../../data/client.ts';
import { Failure, Loading } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { Comparison } from './comparison.tsx';
import { RunCounts } from './run-counts.tsx';
import type { TabProps } from './workflow-parts.ts';

export function VersionsTab({ workflow: { name } }: TabProps) {
  const asked = useQuery({
    queryKey: ['workflows', 'versions', name],
    queryFn: ({ signal }) => client.workflows.versions({ params: { workflow: name } }, { signal }),
    refetchInterval: 10_000,
  });
  const [from, setFrom] = useState<string | null>(null);
  const [to, setTo] = useState<string | null>(null);
  if (asked.isPending) return <Loading />;
  if (asked.isError) return <Failure error={asked.error} retry={() => void asked.refetch()} />;
  const { versions } = asked.data;
  const choices = versions.map(({ version, hash }) => ({
    value: `${version}#${hash.slice(0, 12)}`,
    label: `${version} (${hash.slice(0, 8)})`,
  }));
  const after = to ?? choices[0]?.value ?? '';
  const before = from ?? choices.find(({ value }) => value !== after)?.value ?? '';
  return (
    <Stack gap="md">
      <section className="card" aria-labelledby="versions">
        <Title order={2} id="versions" p="md" pb={4}>
          Versions
        </Title>
        <Table.ScrollContainer minWidth={520} tabIndex={0} role="group" aria-label="Versions">
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">Version</Table.Th>
                <Table.Th scope="col">Plan</Table.Th>
                <Table.Th scope="col">Here</Table.Th>
                <Table.Th scope="col">Runs on it</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {versions.map(({ version, hash, isNewest, isRegistered, lacking, runs }) => (
                <Table.Tr key={hash}>
                  <Table.Td fw={600}>{version}</Table.Td>
                  <Table.Td className="mono">{hash.slice(0, 12)}</Table.Td>
                  <Table.Td>
                    <Tag tint={isRegistered ? 'green' : 'neutral'}>
                      {isNewest ? 'New runs start on it' : isRegistered ? 'Loaded' : 'Not loaded'}
                    </Tag>
                    {lacking.length > 0 && (
                      <Text size="xs" c="var(--sb-red-ink)">
                        Its runs need what is not loaded: {lacking.join(', ')}
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td>
                    <RunCounts workflow={name} counts={runs} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </section>
      {choices.length < 2 ? (
        <Alert variant="light" color="gray" title="There is one version only">
          As soon as another is loaded, or stored runs are on another, both can be compared here.
        </Alert>
      ) : (
        <>
          <div style={{ display: 'flex', gap: 12, flexWrap: 'wrap' }}>
            <NativeSelect
              label="From version"
              value={before}
              onChange={(event) => setFrom(event.currentTarget.value)}
              data={choices}
            />
            <NativeSelect
              label="To version"
              value={after}
              onChange={(event) => setTo(event.currentTarget.value)}
              data={choices}
            />
          </div>
          {before === after ? (
            <Text size="sm">Choose two different versions.</Text>
          ) : (
            <Comparison key={`${before} ${after}`} workflow={name} from={before} to={after} />
          )}
        </>
      )}
    </Stack>
  );
}

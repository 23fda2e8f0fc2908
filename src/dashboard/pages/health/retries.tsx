/** Steps whose attempts fail, against what is usual for them: storms first. */
import { Group, Table, Text, Title } from '@mantine/core';
import { RefreshCw, TriangleAlert } from 'lucide-react';
import { Link } from 'wouter';
import { DataTable } from '../../parts/data-table.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import type { Health } from './health-parts.ts';

type Step = Health['retrying'][number];

export function Retries({ health: { retrying, lookedThroughAt } }: { readonly health: Health }) {
  return (
    <section className="card" aria-labelledby="retrying" style={{ padding: 16 }}>
      <Title order={2} id="retrying" mb="xs">
        Retries
      </Title>
      {retrying.length === 0 ? (
        <Text size="sm" c="dimmed">
          No step waits for another attempt, and none has failed in the last five minutes.
        </Text>
      ) : (
        <DataTable
          label="Retries by step"
          minWidth={720}
          columns={[
            'Step',
            'Failed in 5 min',
            'Usual',
            'Runs that wait',
            'Next attempt',
            'Latest failure',
          ]}
        >
          {retrying.map((step) => (
            <StepRow key={`${step.workflow} ${step.step}`} step={step} />
          ))}
        </DataTable>
      )}
      <Text size="xs" c="dimmed" mt="xs">
        A storm: twenty or more failures in five minutes, at least every second attempt, and three
        times what is usual; or a hundred runs that wait to try again.
        {lookedThroughAt !== null && (
          <>
            {' '}
            Waiting runs were last counted <Time at={lookedThroughAt} />.
          </>
        )}
      </Text>
    </section>
  );
}

function StepRow({ step: row }: { readonly step: Step }) {
  const { workflow, step, runs, nextAt, attempts, failures, usualFailures, lastError } = row;
  const list = new URLSearchParams({ workflow, status: 'processing' });
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap={6}>
          <span>
            <Link href={`/workflows/${encodeURIComponent(workflow)}`}>{workflow}</Link> › {step}
          </span>
          <Tag
            tint={row.isStorm ? 'red' : 'neutral'}
            icon={row.isStorm ? TriangleAlert : RefreshCw}
          >
            {row.isStorm ? 'Retry storm' : 'Retries'}
          </Tag>
        </Group>
      </Table.Td>
      <Table.Td className="tabular">
        {failures} of {attempts}
      </Table.Td>
      <Table.Td className="tabular">
        {usualFailures === null ? 'not known yet' : usualFailures.toFixed(1)}
      </Table.Td>
      <Table.Td className="tabular">
        {runs === 0 ? 0 : <Link href={`/runs?${list.toString()}`}>{runs}</Link>}
      </Table.Td>
      <Table.Td>{nextAt === null ? '–' : <Time at={nextAt} />}</Table.Td>
      <Table.Td maw={320} style={{ overflowWrap: 'anywhere' }}>
        {lastError ?? '–'}
      </Table.Td>
    </Table.Tr>
  );
}

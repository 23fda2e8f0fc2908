/** What is proved of a workflow: rule by rule, with a counterexample on the chart where a rule does not hold. */
import { Accordion, Alert, Button, Group, List, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleHelp, CircleX } from 'lucide-react';
import { useState } from 'react';
import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { Drawing } from './drawing.tsx';
import type { TabProps } from './workflow-parts.ts';

type Proofs = AnswerOf<typeof api.workflows.proofs>;
type Verdict = Proofs['verdict'];

const looks = {
  holds: { tint: 'green', icon: CircleCheck, label: 'Holds' },
  assumed: { tint: 'amber', icon: CircleHelp, label: 'Holds under assumptions' },
  violated: { tint: 'red', icon: CircleX, label: 'Violated' },
} as const;

export function VerdictTag({ verdict }: { readonly verdict: Verdict }) {
  const { tint, icon, label } = looks[verdict];
  return (
    <Tag tint={tint} icon={icon}>
      {label}
    </Tag>
  );
}

export function ProofsTab({ workflow: { name } }: TabProps) {
  const asked = useQuery({
    queryKey: ['workflows', 'proofs', name],
    queryFn: ({ signal }) => client.workflows.proofs({ params: { workflow: name } }, { signal }),
    staleTime: 60_000,
  });
  if (asked.isPending) return <Loading />;
  if (asked.isError) return <Failure error={asked.error} retry={() => void asked.refetch()} />;
  const { rules, verdict, undo, pointsOfNoReturn, limits } = asked.data;
  return (
    <Stack gap="md">
      <section className="card" aria-labelledby="proofs" style={{ padding: 16 }}>
        <Group justify="space-between" mb="sm">
          <Group gap="sm">
            <Title order={2} id="proofs">
              What is proved of every run
            </Title>
            <VerdictTag verdict={verdict} />
          </Group>
          <CliCommand args={['check', name]} />
        </Group>
        <Accordion multiple chevronPosition="left" variant="separated" order={3}>
          {rules.map((rule) => (
            <Rule key={rule.rule} workflow={name} rule={rule} />
          ))}
        </Accordion>
      </section>
      <section className="card" aria-labelledby="undo" style={{ padding: 16 }}>
        <Title order={2} id="undo" mb="xs">
          If it fails: what is undone, last first
        </Title>
        <UndoTable undo={undo} />
        {pointsOfNoReturn.length > 0 && (
          <Alert color="red" variant="light" title="Points of no return" mt="sm">
            {pointsOfNoReturn.map(({ step, failurePointsLeft }) => (
              <Text size="sm" key={step}>
                After <b>{step}</b>, {failurePointsLeft}{' '}
                {failurePointsLeft === 1 ? 'step may' : 'steps may'} still fail, and it stays done.
              </Text>
            ))}
          </Alert>
        )}
      </section>
      {limits.length > 0 && (
        <section className="card" aria-labelledby="limits" style={{ padding: 16 }}>
          <Title order={2} id="limits" mb="xs">
            What a check cannot see
          </Title>
          <List size="sm">
            {limits.map((limit) => (
              <List.Item key={limit}>{limit}</List.Item>
            ))}
          </List>
        </section>
      )}
    </Stack>
  );
}

function Rule({
  workflow,
  rule: { rule, title, verdict, claim, findings },
}: {
  readonly workflow: string;
  readonly rule: Proofs['rules'][number];
}) {
  const [shown, setShown] = useState<number | null>(null);
  return (
    <Accordion.Item value={rule}>
      <Accordion.Control>
        <Group gap="sm" justify="space-between" wrap="wrap">
          <Text size="sm" fw={500}>
            {title}
          </Text>
          <VerdictTag verdict={verdict} />
        </Group>
      </Accordion.Control>
      <Accordion.Panel>
        <Stack gap="sm">
          <Text size="sm">{claim}</Text>
          {findings.map((finding, index) => (
            <Group key={index} gap="xs" align="baseline">
              <Text size="sm" style={{ flex: 1 }}>
                <b>{finding.kind}</b>
                {finding.subject !== null && ` at ${finding.subject}`}: {finding.message}
              </Text>
              {finding.path !== null && (
                <Button
                  variant="default"
                  aria-expanded={shown === index}
                  onClick={() => setShown(shown === index ? null : index)}
                >
                  {shown === index ? 'Hide the path' : 'Show the path'}
                </Button>
              )}
            </Group>
          ))}
          {shown !== null && (
            <div className="card">
              <Drawing workflow={workflow} query={{ view: 'states', rule, finding: shown }} />
            </div>
          )}
        </Stack>
      </Accordion.Panel>
    </Accordion.Item>
  );
}

function UndoTable({ undo }: { readonly undo: Proofs['undo'] }) {
  if (undo.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        No step of it can fail.
      </Text>
    );
  }
  return (
    <DataTable
      label="What is undone"
      minWidth={520}
      columns={['If it fails at', 'Because', 'Undone', 'If complete by then', 'Stays done']}
    >
      {undo.map(({ at, because, undone, perhaps, stay }) => (
        <Table.Tr key={`${at} ${because}`}>
          <Table.Td fw={500}>{at}</Table.Td>
          <Table.Td>{because}</Table.Td>
          <Table.Td>{undone.join(', ') || '–'}</Table.Td>
          <Table.Td>{perhaps.join(', ') || '–'}</Table.Td>
          <Table.Td c={stay.length > 0 ? 'var(--sb-red-ink)' : 'inherit'}>
            {stay.join(', ') || '–'}
          </Table.Td>
        </Table.Tr>
      ))}
    </DataTable>
  );
}

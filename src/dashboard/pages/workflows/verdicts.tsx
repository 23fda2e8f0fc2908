/** What becomes of each unfinished run under the other version, and the way to move it. */
import { Button, Checkbox, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ArrowRightLeft, CircleCheck, CircleX, Spline } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { client } from '../../data/client.ts';
import { useRoles } from '../../data/me.ts';
import { Failure, Loading } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { Figure } from './figure.tsx';
import { MigrateDialog } from './migrate-dialog.tsx';
import styles from './workflow.module.css';

const looks = {
  continues: { tint: 'green', icon: CircleCheck, label: 'Continues' },
  needs_mapping: { tint: 'amber', icon: Spline, label: 'Needs a mapping' },
  cannot: { tint: 'red', icon: CircleX, label: 'Cannot' },
} as const;

export function Verdicts({
  workflow,
  from,
  to,
}: {
  readonly workflow: string;
  readonly from: string;
  readonly to: string;
}) {
  const isOperator = useRoles().operator;
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [isMoving, setIsMoving] = useState(false);
  const asked = useQuery({
    queryKey: ['workflows', 'verdicts', workflow, from, to],
    queryFn: ({ signal }) =>
      client.workflows.verdicts({ params: { workflow }, query: { from, to } }, { signal }),
    refetchInterval: 10_000,
  });
  if (asked.isPending) return <Loading />;
  if (asked.isError) return <Failure error={asked.error} retry={() => void asked.refetch()} />;
  const { counts, runs, cursor } = asked.data;
  const toggle = (runId: string) => {
    const next = new Set(chosen);
    if (!next.delete(runId)) next.add(runId);
    setChosen(next);
  };
  return (
    <section className="card" aria-labelledby="verdicts" style={{ padding: 16 }}>
      <Group justify="space-between" mb="sm">
        <Title order={2} id="verdicts">
          What becomes of runs under way
        </Title>
        {isOperator && (
          <Button
            leftSection={<ArrowRightLeft size={14} aria-hidden />}
            disabled={runs.length === 0}
            onClick={() => setIsMoving(true)}
          >
            {chosen.size === 0 ? 'Move all of them…' : `Move ${chosen.size}…`}
          </Button>
        )}
      </Group>
      <div className={styles['figures']}>
        <Figure value={counts.continues} label="continue as they are" />
        <Figure value={counts.needs_mapping} label="need a mapping" />
        <Figure value={counts.cannot} label="cannot move" />
      </div>
      {runs.length === 0 ? (
        <Text size="sm" c="dimmed" mt="md">
          No run is under way on the older version.
        </Text>
      ) : (
        <Table.ScrollContainer
          minWidth={560}
          mt="md"
          tabIndex={0}
          role="group"
          aria-label="Verdicts"
        >
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Td w={36} />
                <Table.Th scope="col">Run</Table.Th>
                <Table.Th scope="col">Stands at</Table.Th>
                <Table.Th scope="col">Verdict</Table.Th>
                <Table.Th scope="col">Why</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {runs.map((run) => (
                <Table.Tr key={run.runId}>
                  <Table.Td>
                    <Checkbox
                      aria-label={`Choose ${run.runId}`}
                      checked={chosen.has(run.runId)}
                      onChange={() => toggle(run.runId)}
                    />
                  </Table.Td>
                  <Table.Td className="mono">
                    <Link href={`/runs/${encodeURIComponent(run.runId)}`}>{run.runId}</Link>
                  </Table.Td>
                  <Table.Td>{run.at.join(', ') || run.status}</Table.Td>
                  <Table.Td>
                    <Tag tint={looks[run.verdict].tint} icon={looks[run.verdict].icon}>
                      {looks[run.verdict].label}
                    </Tag>
                  </Table.Td>
                  <Table.Td>
                    <Stack gap={2}>
                      {run.reasons.map(({ text, step }) => (
                        <Text size="sm" key={`${step} ${text}`}>
                          {text}
                        </Text>
                      ))}
                    </Stack>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {cursor !== null && (
        <Text size="xs" c="dimmed" mt="xs">
          There are more; these are the first.
        </Text>
      )}
      {isMoving && (
        <MigrateDialog
          workflow={workflow}
          from={from}
          to={to}
          runs={chosen.size === 0 ? null : runs.filter(({ runId }) => chosen.has(runId))}
          suggestion={runs.find((run) => run.suggestion !== null)?.suggestion ?? null}
          onClose={() => setIsMoving(false)}
        />
      )}
    </section>
  );
}

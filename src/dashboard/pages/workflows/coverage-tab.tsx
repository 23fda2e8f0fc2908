/** Which ways of the chart the path tests and the stored runs have taken: a heat map, and the same as a table. */
import { Alert, SegmentedControl, Stack, Switch, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { client } from '../../data/client.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import { Drawing } from './drawing.tsx';
import { Figure } from './figure.tsx';
import styles from './workflow.module.css';
import type { TabProps } from './workflow-parts.ts';

export function CoverageTab({ workflow: { name } }: TabProps) {
  const [heat, setHeat] = useState<'runs' | 'tests'>('runs');
  const [isNever, setIsNever] = useState(false);
  const asked = useQuery({
    queryKey: ['workflows', 'coverage', name],
    queryFn: ({ signal }) => client.workflows.coverage({ params: { workflow: name } }, { signal }),
    staleTime: 30_000,
  });
  if (asked.isPending) return <Loading />;
  if (asked.isError) return <Failure error={asked.error} retry={() => void asked.refetch()} />;
  const coverage = asked.data;
  const reachable = coverage.transitions.filter(({ unreachable }) => unreachable === null);
  const byRuns = reachable.filter((each) => each.byRuns > 0).length;
  const byTests = reachable.filter((each) => (each.byTests ?? 0) > 0).length;
  const shown = isNever
    ? reachable.filter((each) => each.byRuns === 0 || each.byTests === 0)
    : coverage.transitions;
  return (
    <Stack gap="md">
      <section
        className={`card ${styles['figures'] ?? ''}`}
        style={{ padding: 16 }}
        aria-label="In figures"
      >
        <Figure
          value={`${shareOf(byRuns, reachable.length)} %`}
          label="taken by runs"
          about={`${byRuns} of ${reachable.length} transitions, ${coverage.runs} runs`}
        />
        <Figure
          value={coverage.paths === null ? '–' : `${shareOf(byTests, reachable.length)} %`}
          label="taken by path tests"
          about={
            coverage.paths === null
              ? 'not asked for'
              : `${byTests} of ${reachable.length}, ${coverage.paths} paths`
          }
        />
        <Figure value={coverage.untestedButTaken.length} label="taken, but untested" />
        <Figure value={reachable.length - byRuns} label="never taken by a run" />
      </section>
      {coverage.isPartial && (
        <Alert color="yellow" variant="light" title="Only the newest runs were looked at" />
      )}
      <section className="card" aria-label="Heat map">
        <div className={styles['tools']}>
          <SegmentedControl
            aria-label="What is counted"
            data={[
              { value: 'runs', label: 'Runs' },
              { value: 'tests', label: 'Path tests' },
            ]}
            value={heat}
            onChange={(next) => setHeat(next === 'tests' ? 'tests' : 'runs')}
          />
          <CliCommand args={['coverage', name]} />
        </div>
        <Drawing workflow={name} query={{ view: 'states', heat }} />
      </section>
      <section className="card" aria-label="Transitions" style={{ padding: 16 }}>
        <Switch
          label="Only what was never taken, by runs or by tests"
          checked={isNever}
          onChange={(event) => setIsNever(event.currentTarget.checked)}
          mb="sm"
        />
        <Table.ScrollContainer
          minWidth={520}
          mah={420}
          tabIndex={0}
          role="group"
          aria-label="Transitions as a table"
        >
          <Table stickyHeader>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">State</Table.Th>
                <Table.Th scope="col">Event</Table.Th>
                <Table.Th scope="col" ta="right">
                  By runs
                </Table.Th>
                <Table.Th scope="col" ta="right">
                  By tests
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {shown.map((each) => (
                <Table.Tr key={each.id}>
                  <Table.Td>{each.state}</Table.Td>
                  <Table.Td>
                    {each.event}
                    {each.unreachable !== null && (
                      <Text size="xs" c="dimmed">
                        {each.unreachable}
                      </Text>
                    )}
                  </Table.Td>
                  <Count value={each.byRuns} />
                  <Count value={each.byTests} />
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </section>
    </Stack>
  );
}

function Count({ value }: { readonly value: number | null }) {
  return (
    <Table.Td ta="right" className="tabular" c={value === 0 ? 'var(--sb-red-ink)' : 'inherit'}>
      {value === null ? '–' : value === 0 ? 'never' : value}
    </Table.Td>
  );
}

/** Rounded down, so that 100 means all. */
function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.floor((part / whole) * 100);
}

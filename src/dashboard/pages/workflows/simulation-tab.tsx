/** Runs a workflow many times by chance: how long it takes, how often it fails, where people and queues hold it up. */
import {
  Button,
  Group,
  List,
  NumberInput,
  Stack,
  Switch,
  Table,
  Text,
  Title,
  useComputedColorScheme,
} from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { durationInWords } from '../../parts/duration.ts';
import { Failure } from '../../parts/states.tsx';
import { Figure } from './figure.tsx';
import { SvgPicture } from './svg-picture.tsx';
import styles from './workflow.module.css';
import type { TabProps } from './workflow-parts.ts';

type Simulation = AnswerOf<typeof api.workflows.simulate>;

export function SimulationTab({ workflow: { name } }: TabProps) {
  const theme = useComputedColorScheme('light');
  const [runs, setRuns] = useState(1_000);
  const [seed, setSeed] = useState(1);
  const [learn, setLearn] = useState(false);
  const simulate = useMutation({
    mutationFn: () =>
      client.workflows.simulate({ params: { workflow: name }, body: { runs, seed, learn, theme } }),
  });
  const count = useMemo(
    () => (value: number | string, set: (next: number) => void) => {
      if (typeof value === 'number' && value >= 1) set(Math.floor(value));
    },
    [],
  );
  return (
    <Stack gap="md">
      <section className="card" style={{ padding: 16 }} aria-label="What is simulated">
        <Group align="flex-end" gap="md">
          <NumberInput
            label="Runs"
            w={110}
            min={1}
            max={5_000}
            value={runs}
            onChange={(next) => count(next, setRuns)}
          />
          <NumberInput
            label="Seed"
            w={110}
            min={1}
            max={9_999_999}
            value={seed}
            onChange={(next) => count(next, setSeed)}
          />
          <Switch
            label="Learn durations and failure rates from stored runs"
            checked={learn}
            onChange={(event) => setLearn(event.currentTarget.checked)}
            mb={6}
          />
          <Button loading={simulate.isPending} onClick={() => simulate.mutate()}>
            Simulate
          </Button>
          <CliCommand
            args={[
              'simulate',
              name,
              '--runs',
              String(runs),
              '--seed',
              String(seed),
              ...(learn ? ['--learn'] : []),
            ]}
          />
        </Group>
      </section>
      {simulate.isError && <Failure error={simulate.error} />}
      {simulate.data !== undefined && <Result result={simulate.data} />}
    </Stack>
  );
}

function Result({ result }: { readonly result: Simulation }) {
  const { duration, rates, steps, queues, assumptions, runs, learnedFrom, svg } = result;
  const percent = (rate: number) => `${(rate * 100).toFixed(1)} %`;
  return (
    <div role="status">
      <Stack gap="md">
        <section
          className={`card ${styles['figures'] ?? ''}`}
          style={{ padding: 16 }}
          aria-label="In figures"
        >
          <Figure value={durationInWords(duration.p50Ms)} label="half are done within" />
          <Figure value={durationInWords(duration.p95Ms)} label="95 % are done within" />
          <Figure value={percent(rates.complete)} label="complete" />
          <Figure
            value={percent(rates.failed)}
            label="fail"
            about={`${percent(rates.compensated)} undo what they did`}
          />
          <Figure value={percent(rates.expired)} label="have a review that expires" />
        </section>
        <section className="card" aria-label="Durations">
          <div className={styles['picture']}>
            <SvgPicture svg={svg} label={`Durations of ${runs} simulated runs`} />
          </div>
        </section>
        <section className="card" style={{ padding: 16 }} aria-labelledby="simulated-steps">
          <Title order={2} id="simulated-steps" mb="xs">
            Steps
          </Title>
          <DataTable
            label="Steps of the simulation"
            minWidth={520}
            columns={['Step', 'Attempts', 'Failures', 'Reviews', 'Expired', 'Undone']}
          >
            {steps.map((step) => (
              <Table.Tr key={step.step}>
                <Table.Td fw={500}>{step.step}</Table.Td>
                {[step.attempts, step.failures, step.reviews, step.expiries, step.undos].map(
                  (value, at) => (
                    <Table.Td key={at} className="tabular">
                      {value === 0 ? '–' : value.toLocaleString('en')}
                    </Table.Td>
                  ),
                )}
              </Table.Tr>
            ))}
          </DataTable>
          {queues.map(({ name, meanWaitMs, p95WaitMs, utilisation }) => (
            <Text size="sm" key={name}>
              Queue <b>{name}</b>: {durationInWords(meanWaitMs)} of waiting on average, 95 % within{' '}
              {durationInWords(p95WaitMs)}
              {utilisation !== null && `, busy ${percent(utilisation)} of the time`}
            </Text>
          ))}
        </section>
        <section className="card" style={{ padding: 16 }} aria-labelledby="assumed">
          <Title order={2} id="assumed" mb="xs">
            What is assumed
          </Title>
          <Text size="sm" mb="xs">
            {learnedFrom === null
              ? 'Durations and failure rates are assumed, not measured.'
              : `Learned from ${learnedFrom} stored runs as far as they tell.`}
          </Text>
          <List size="sm">
            {assumptions.map((assumption) => (
              <List.Item key={assumption}>{assumption}</List.Item>
            ))}
          </List>
        </section>
      </Stack>
    </div>
  );
}

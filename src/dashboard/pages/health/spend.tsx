/** What models were used: by day, and by workflow and model. */
import { Group, SegmentedControl, Table, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { client } from '../../data/client.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import { Figure } from '../workflows/figure.tsx';
import figures from '../workflows/workflow.module.css';
import styles from './spend.module.css';
import {
  dayBefore,
  perDay,
  perWorkflow,
  type SpendRow,
  type SpendTotal,
  totalOf,
} from './spend-sums.ts';

const periods = [
  { value: '1', label: 'Today' },
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
];

export function Spend() {
  const [days, setDays] = useState('7');
  const asked = useQuery({
    queryKey: ['health', 'spend', days],
    queryFn: ({ signal }) => client.health.spend({ query: { days } }, { signal }),
    refetchInterval: 15_000,
    placeholderData: keepPreviousData,
  });
  return (
    <section className="card" aria-labelledby="spend" style={{ padding: 16 }}>
      <Group justify="space-between" mb="sm">
        <Title order={2} id="spend">
          What models have used
        </Title>
        <Group gap="xs">
          <SegmentedControl
            aria-label="How far back"
            size="xs"
            data={periods}
            value={days}
            onChange={setDays}
          />
          <CliCommand args={['spend', '--days', days]} />
        </Group>
      </Group>
      {asked.isPending ? (
        <Loading />
      ) : asked.isError ? (
        <Failure error={asked.error} retry={() => void asked.refetch()} />
      ) : asked.data.rows.length === 0 ? (
        <Text size="sm" c="dimmed">
          No attempt has reported the use of a model in this time.
        </Text>
      ) : (
        <Shown {...asked.data} days={Number(days)} />
      )}
    </section>
  );
}

interface ShownProps {
  readonly rows: readonly SpendRow[];
  readonly days: number;
  readonly today: string;
}

function Shown({ rows, days, today }: ShownProps) {
  const total = totalOf(rows);
  return (
    <>
      <div className={figures['figures']}>
        <Figure value={dollars(total.costUsd)} label={costLabel(total)} />
        <Figure value={count(total.calls)} label="calls" />
        <Figure value={count(total.inputTokens)} label="tokens in" />
        <Figure value={count(total.outputTokens)} label="tokens out" />
      </div>
      {days > 1 && <Days rows={rows} days={days} today={today} />}
      <DataTable
        label="Use of models"
        minWidth={520}
        columns={['Workflow', 'Model', 'Calls', 'Tokens in', 'Tokens out', 'Cost']}
      >
        {perWorkflow(rows).map(({ workflow, model, ...sum }) => (
          <Table.Tr className="tabular" key={`${workflow} ${model}`}>
            <Table.Td>
              <Link href={`/workflows/${encodeURIComponent(workflow)}`}>{workflow}</Link>
            </Table.Td>
            <Table.Td>{model}</Table.Td>
            <Table.Td>{count(sum.calls)}</Table.Td>
            <Table.Td>{count(sum.inputTokens)}</Table.Td>
            <Table.Td>{count(sum.outputTokens)}</Table.Td>
            <Table.Td>{costText(sum)}</Table.Td>
          </Table.Tr>
        ))}
      </DataTable>
    </>
  );
}

/** A bar for each day, with what it stands for in words. */
function Days({ rows, days, today }: ShownProps) {
  const sums = perDay(rows);
  const shown = Array.from({ length: days }, (_, back) => dayBefore(today, days - 1 - back));
  const isPriced = [...sums.values()].some(({ costUsd }) => costUsd > 0);
  const sizeOf = (sum: SpendTotal | undefined) =>
    sum === undefined ? 0 : isPriced ? sum.costUsd : sum.inputTokens + sum.outputTokens;
  const most = Math.max(...shown.map((day) => sizeOf(sums.get(day))), Number.MIN_VALUE);
  return (
    <ol className={styles['days']} aria-label={isPriced ? 'Cost by day' : 'Tokens by day'}>
      {shown.map((day) => {
        const sum = sums.get(day);
        const words = sum === undefined ? 'nothing' : `${costText(sum)}, ${count(sum.calls)} calls`;
        return (
          <li key={day} title={`${day}: ${words}`}>
            <span
              className={styles['bar']}
              style={{ height: `${(sizeOf(sum) / most) * 100}%` }}
              aria-hidden
            />
            <span className={styles['day']} aria-hidden>
              {day.slice(8)}
            </span>
            <span className="visually-hidden">
              {day}: {words}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

const count = (value: number) => value.toLocaleString('en');
const dollars = (value: number) => `$${value.toFixed(value < 1 ? 4 : 2)}`;

function costLabel({ unpricedCalls }: SpendTotal): string {
  return unpricedCalls === 0
    ? 'spent'
    : `spent, and ${count(unpricedCalls)} calls whose price is not known`;
}

function costText({ calls, costUsd, unpricedCalls }: SpendTotal): string {
  if (unpricedCalls === 0) return dollars(costUsd);
  if (unpricedCalls === calls) return 'price not known';
  return `${dollars(costUsd)} and ${count(unpricedCalls)} calls without a price`;
}

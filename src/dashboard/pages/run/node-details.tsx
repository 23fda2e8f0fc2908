/** One step of the run: what went in and came out, every attempt, and what it depended on. */
import { ActionIcon, Code, Group, Stack, Table, Text, Title, Tooltip } from '@mantine/core';
import { X } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import type { client } from '../../data/client.ts';
import { CodePlace } from '../../parts/code-place.tsx';
import { durationInWords } from '../../parts/duration.ts';
import { textAt } from '../../parts/json-text.ts';
import { JsonView } from '../../parts/json-view.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { ErrorDetails } from './error-details.tsx';
import { partLooks } from './part-state.tsx';
import styles from './run.module.css';
import { useStep } from './use-run.ts';

type StepDetails = Awaited<ReturnType<typeof client.runs.step>>;

export function NodeDetails({
  runId,
  step,
  onClose,
}: {
  readonly runId: string;
  readonly step: string;
  readonly onClose: () => void;
}) {
  const details = useStep(runId, step);
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    // on a phone it stands below the chart, out of sight
    const isBelow = (section.current?.getBoundingClientRect().top ?? 0) > window.innerHeight - 80;
    if (isBelow) section.current?.scrollIntoView({ block: 'start' });
  }, [step]);
  return (
    <section ref={section} className={styles['step']} aria-label={`Step ${step}`}>
      <Group justify="space-between" wrap="nowrap" mb="xs">
        <Title order={2} className="truncate" title={step}>
          {details.data?.title ?? step}
        </Title>
        <Tooltip label="Back to the run">
          <ActionIcon variant="subtle" color="gray" onClick={onClose} aria-label="Close the step">
            <X size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Group>
      {details.isPending ? (
        <Loading rows={5} />
      ) : details.isError ? (
        <Failure error={details.error} />
      ) : (
        <Details details={details.data} />
      )}
    </section>
  );
}

function Details({ details }: { readonly details: StepDetails }) {
  const { label, tint, icon } = partLooks(details.state);
  const guards = Object.entries(details.guards);
  return (
    <Stack gap="md">
      <Group gap="xs">
        <Tag tint={tint} icon={icon}>
          {label}
        </Tag>
        <Tag>{details.kind}</Tag>
        {details.durationMs !== null && (
          <Text size="sm" c="dimmed">
            worked {durationInWords(details.durationMs)}
          </Text>
        )}
      </Group>
      <Text size="sm" c="dimmed" component="div">
        {details.startedAt === null ? (
          details.waiting.length === 0 && 'The run has not come to it.'
        ) : (
          <>
            Began <Time at={details.startedAt} />
            {details.settledAt !== null && (
              <>
                , settled <Time at={details.settledAt} />
              </>
            )}
          </>
        )}
      </Text>
      {details.waiting.map(({ kind, since, until, what }) => (
        <Text key={`${kind} ${since}`} size="sm" component="div">
          Waits for {what}, began <Time at={since} />
          {until !== null && (
            <>
              , ends <Time at={until} />
            </>
          )}
        </Text>
      ))}
      {details.error !== null && <ErrorDetails error={details.error} />}
      {guards.length > 0 && (
        <Part title="Guards">
          {guards.map(([guard, value]) => (
            <Group key={guard} gap="xs">
              <Code>{guard}</Code>
              <Text size="sm">{String(value)}</Text>
            </Group>
          ))}
        </Part>
      )}
      {details.attempts.length > 0 && (
        <Part title="Attempts">
          <Attempts attempts={details.attempts} />
        </Part>
      )}
      {details.input !== null && (
        <Part title="Input">
          <JsonView value={details.input} label="input" />
          <Hash name="Input" value={details.inputHash} />
        </Part>
      )}
      {details.output !== null && (
        <Part title="Output">
          <JsonView value={details.output} label="output" />
          <Hash name="Output" value={details.outputDigest} />
        </Part>
      )}
      <CodeOf details={details} />
    </Stack>
  );
}

/** Where one looks when the step does something else than it should. */
function CodeOf({ details: { code, handler } }: { readonly details: StepDetails }) {
  if (code === null && handler === null) return null;
  return (
    <Part title="Code">
      {code !== null && (
        <Text size="sm" component="div">
          Wired at <CodePlace place={code} what="the step" />
        </Text>
      )}
      {handler !== null && (
        <Text size="sm" component="div">
          Handler at <CodePlace place={handler} what="the handler" />
        </Text>
      )}
    </Part>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Stack gap={6}>
      <Title order={3}>{title}</Title>
      {children}
    </Stack>
  );
}

function Attempts({ attempts }: { readonly attempts: StepDetails['attempts'] }) {
  return (
    <Table.ScrollContainer minWidth={280}>
      <Table className={styles['compact'] ?? ''}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>No.</Table.Th>
            <Table.Th>Ended</Table.Th>
            <Table.Th>Took</Table.Th>
            <Table.Th>Outcome</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {attempts.map(({ attempt, event, seq, at, durationMs, error }) => (
            <Table.Tr key={seq}>
              <Table.Td>{attempt}</Table.Td>
              <Table.Td>
                <Time at={at} />
              </Table.Td>
              <Table.Td>{durationMs === null ? '–' : durationInWords(durationMs)}</Table.Td>
              <Table.Td>
                {error === null ? (
                  (event.split('.').at(-1) ?? event)
                ) : (
                  <Text size="xs" c="var(--sb-red-ink)">
                    {textAt(error, 'message') ?? 'failed'}
                  </Text>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Hash({ name, value }: { readonly name: string; readonly value: string | null }) {
  if (value === null) return null;
  return (
    <Tooltip label={`${name}, as the chain of the history covers it: ${value}`}>
      <Text size="xs" c="dimmed" className="mono">
        sha256 {value.slice(0, 16)}…
      </Text>
    </Tooltip>
  );
}

/** The chart of a workflow: its steps, its states, or the same as a table; beside it the step that is looked at. */
import {
  Badge,
  Code,
  SegmentedControl,
  Stack,
  Table,
  Text,
  Title,
  UnstyledButton,
} from '@mantine/core';
import { useCallback, useState } from 'react';
import { CliCommand } from '../../parts/cli-command.tsx';
import { CodePlace } from '../../parts/code-place.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { Drawing } from './drawing.tsx';
import styles from './workflow.module.css';
import type { TabProps, WorkflowDetails } from './workflow-parts.ts';

type Step = WorkflowDetails['steps'][number];

export function ChartTab({ workflow }: TabProps) {
  const [shape, setShape] = useState('steps');
  const [chosen, setChosen] = useState<string | null>(null);
  const step = workflow.steps.find(({ id }) => id === chosen);
  const { steps } = workflow;
  const describeNode = useCallback(
    (node: string) => {
      const found = steps.find(({ id }) => id === node);
      return found?.description ?? found?.kind ?? '';
    },
    [steps],
  );
  return (
    <div className={styles['columns']}>
      <section className="card" aria-label="Chart">
        <div className={styles['tools']}>
          <SegmentedControl
            aria-label="How the workflow is shown"
            data={[
              { value: 'steps', label: 'Steps' },
              { value: 'states', label: 'States' },
              { value: 'table', label: 'Table' },
            ]}
            value={shape}
            onChange={setShape}
          />
          <CliCommand
            args={['diagram', workflow.name, '--view', shape === 'states' ? 'states' : 'steps']}
          />
        </div>
        {shape === 'table' ? (
          <StepTable steps={steps} chosen={chosen} onChoose={setChosen} />
        ) : (
          <Drawing
            workflow={workflow.name}
            query={{ view: shape === 'states' ? 'states' : 'steps' }}
            chosen={chosen}
            onChoose={setChosen}
            describeNode={describeNode}
          />
        )}
      </section>
      <aside className={`card ${styles['side'] ?? ''}`} aria-live="polite">
        {step === undefined ? (
          <About workflow={workflow} />
        ) : (
          <StepFacts step={step} workflow={workflow} />
        )}
      </aside>
    </div>
  );
}

function About({ workflow }: TabProps) {
  return (
    <Stack gap="sm">
      <Title order={2}>Input</Title>
      <JsonView value={workflow.input} label="Schema of the input" openDepth={3} />
      <Text size="xs" c="dimmed">
        Choose a step in the chart to see what it does.
      </Text>
    </Stack>
  );
}

const effects: Readonly<Record<Step['effect'], string>> = {
  none: 'Leaves nothing behind',
  undoable: 'Is undone if the run fails later',
  delegated: 'Its child undoes what it did',
  irreversible: 'Cannot be undone',
};

function StepFacts({ step, workflow }: TabProps & { readonly step: Step }) {
  const review = workflow.reviews.find((each) => each.step === step.id);
  return (
    <Stack gap="sm">
      <div>
        <Title order={2}>{step.id}</Title>
        <Text size="sm" c="dimmed">
          {step.kind}
          {step.caption !== '' && ` · ${step.caption}`}
        </Text>
      </div>
      {step.description !== null && <Text size="sm">{step.description}</Text>}
      <Table withRowBorders={false} layout="fixed">
        <Table.Tbody>
          <Fact name="Runs">
            {step.conditions.length === 0 ? 'always' : `if ${step.conditions.join(' and ')}`}
          </Fact>
          <Fact name="Effect">
            <Badge
              variant="light"
              tt="none"
              color={step.effect === 'irreversible' ? 'red' : 'gray'}
              style={{ height: 'auto', whiteSpace: 'normal' }}
            >
              {effects[step.effect]}
            </Badge>
          </Fact>
          {step.task !== null && (
            <Fact name="Task">
              <Code>{step.task}</Code>
            </Fact>
          )}
          {step.code !== null && (
            <Fact name="Wired at">
              <CodePlace place={step.code} what="the step" />
            </Fact>
          )}
          {step.handler !== null && (
            <Fact name="Handler">
              <CodePlace place={step.handler} what="the handler" />
            </Fact>
          )}
          {step.workflow !== null && <Fact name="Workflow">{step.workflow}</Fact>}
          {step.owner !== null && <Fact name="Owner">{step.owner}</Fact>}
          {review?.policy != null && <Fact name="Policy">{review.policy}</Fact>}
        </Table.Tbody>
      </Table>
      {review !== undefined && (
        <>
          <Title order={3}>Form of the decision</Title>
          <JsonView value={review.form} label="Schema of the form" openDepth={2} />
        </>
      )}
    </Stack>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <Table.Tr>
      <Table.Th w={80} fw={400} c="dimmed" px={0} style={{ verticalAlign: 'top' }}>
        {name}
      </Table.Th>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>{children}</Table.Td>
    </Table.Tr>
  );
}

function StepTable({
  steps,
  chosen,
  onChoose,
}: {
  readonly steps: readonly Step[];
  readonly chosen: string | null;
  readonly onChoose: (step: string) => void;
}) {
  return (
    <Table.ScrollContainer minWidth={480} tabIndex={0} role="group" aria-label="Steps as a table">
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Step</Table.Th>
            <Table.Th scope="col">Kind</Table.Th>
            <Table.Th scope="col">Runs if</Table.Th>
            <Table.Th scope="col">What it does</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {steps.map((step) => (
            <Table.Tr key={step.id} bg={step.id === chosen ? 'var(--sb-selected)' : 'transparent'}>
              <Table.Td>
                <UnstyledButton
                  fz="sm"
                  fw={600}
                  aria-pressed={step.id === chosen}
                  onClick={() => onChoose(step.id)}
                >
                  {step.id}
                </UnstyledButton>
              </Table.Td>
              <Table.Td>{step.kind}</Table.Td>
              <Table.Td>
                {step.conditions.length === 0 ? 'always' : step.conditions.join(' and ')}
              </Table.Td>
              <Table.Td>{step.description ?? step.caption}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

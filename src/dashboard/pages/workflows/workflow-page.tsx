/** One workflow: what it is for, how it goes, what is proved of it, and how its runs stand. */
import { Anchor, Button, Group, ScrollArea, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ArrowLeft, Play } from 'lucide-react';
import { Link, useParams, useSearchParams } from 'wouter';
import { client } from '../../data/client.ts';
import { useRoles } from '../../data/me.ts';
import { CodePlace } from '../../parts/code-place.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PauseNotice, PauseSwitch } from '../../parts/pause-switch.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import { ChartTab } from './chart-tab.tsx';
import { CoverageTab } from './coverage-tab.tsx';
import { ProcessTab } from './process-tab.tsx';
import { ProofsTab } from './proofs-tab.tsx';
import { RunCounts } from './run-counts.tsx';
import { SimulationTab } from './simulation-tab.tsx';
import { VersionsTab } from './versions-tab.tsx';

const tabs = [
  ['chart', 'Chart', ChartTab],
  ['process', 'Process', ProcessTab],
  ['proofs', 'Proofs', ProofsTab],
  ['coverage', 'Coverage', CoverageTab],
  ['versions', 'Versions', VersionsTab],
  ['simulation', 'Simulation', SimulationTab],
] as const;

export function WorkflowPage() {
  const isOperator = useRoles().operator;
  const { workflow: name = '' } = useParams();
  const [search, setSearch] = useSearchParams();
  const tab = tabs.find(([each]) => each === search.get('tab'))?.[0] ?? 'chart';
  const asked = useQuery({
    queryKey: ['workflows', 'one', name],
    queryFn: ({ signal }) => client.workflows.get({ params: { workflow: name } }, { signal }),
  });
  if (asked.isPending) return <Loading />;
  if (asked.isError) return <Failure error={asked.error} retry={() => void asked.refetch()} />;
  const workflow = asked.data;
  return (
    <>
      <Anchor component={Link} href="/workflows" size="sm" mb="xs" display="inline-block">
        <Group gap={4} component="span">
          <ArrowLeft size={14} aria-hidden /> Workflows
        </Group>
      </Anchor>
      <PageHeader
        title={workflow.name}
        about={
          <>
            {workflow.description}
            <Text size="xs" c="dimmed" mt={4}>
              Version {workflow.version}
              {workflow.owner !== null && ` · owned by ${workflow.owner}`} · plan{' '}
              <span className="mono">{workflow.hash.slice(0, 12)}</span>
              {workflow.code === null
                ? workflow.module !== null && (
                    <>
                      {' · '}
                      <span className="mono">{workflow.module}</span>
                    </>
                  )
                : [' · ', <CodePlace key="code" place={workflow.code} what="the workflow" />]}
            </Text>
          </>
        }
      >
        <PauseSwitch workflow={workflow.name} />
        {isOperator && (
          <Button
            component={Link}
            href={`/start?kind=run&workflow=${encodeURIComponent(workflow.name)}`}
            leftSection={<Play size={14} aria-hidden />}
          >
            Start a run
          </Button>
        )}
      </PageHeader>
      <PauseNotice workflow={workflow.name} />
      <Group mb="md">
        <RunCounts workflow={workflow.name} counts={workflow.runs} />
      </Group>
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) => setSearch({ tab: next ?? 'chart' }, { replace: true })}
      >
        <ScrollArea type="never" mb="md">
          <Tabs.List style={{ flexWrap: 'nowrap' }}>
            {tabs.map(([value, label]) => (
              <Tabs.Tab key={value} value={value}>
                {label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </ScrollArea>
        {tabs.map(([value, , Panel]) => (
          <Tabs.Panel key={value} value={value}>
            <Panel workflow={workflow} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}

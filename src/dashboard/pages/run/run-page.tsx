/** One run: how it stands, why, what can be done about it, and everything that has happened. */
import { Tabs, Title } from '@mantine/core';
import { useParams, useSearchParams } from 'wouter';
import type { Explanation } from '../../../api/run-shapes.ts';
import { Failure, Loading } from '../../parts/states.tsx';
import { ChartPanel } from './chart-panel.tsx';
import { Compensation } from './compensation.tsx';
import { Ending } from './ending.tsx';
import { History } from './history.tsx';
import { NextEvents } from './next-events.tsx';
import { NodeDetails } from './node-details.tsx';
import styles from './run.module.css';
import { RunData } from './run-data.tsx';
import { RunHeader } from './run-header.tsx';
import { TimeTravel } from './time-travel.tsx';
import { Timeline } from './timeline.tsx';
import { usePastRun, useRun } from './use-run.ts';
import { WaitingList } from './waiting.tsx';

const tabs = ['chart', 'timeline', 'history', 'compensation', 'data'] as const;
type Tab = (typeof tabs)[number];

export function RunPage() {
  const { runId } = useParams<{ readonly runId: string }>();
  const run = useRun(runId);
  if (run.isPending) return <Loading />;
  if (run.isError) return <Failure error={run.error} retry={() => void run.refetch()} />;
  return <Shown run={run.data} />;
}

/** Tab, step and moment stand in the address, so that a link leads to the very thing. */
function useAddress() {
  const [search, setSearch] = useSearchParams();
  const at = Number(search.get('at'));
  const set = (name: string, value: string | null) =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        if (value === null) after.delete(name);
        else after.set(name, value);
        return after;
      },
      { replace: true },
    );
  return {
    tab: tabs.find((tab) => tab === search.get('tab')) ?? 'chart',
    step: search.get('step'),
    at: Number.isInteger(at) && at > 0 ? at : null,
    setTab: (tab: Tab) => set('tab', tab === 'chart' ? null : tab),
    setStep: (step: string | null) => set('step', step),
    setAt: (seq: number | null) => set('at', seq === null ? null : String(seq)),
  };
}

function Shown({ run }: { readonly run: Explanation }) {
  const { tab, step, at, setTab, setStep, setAt } = useAddress();
  const moment = at === null || at > run.entries ? null : at;
  return (
    <>
      <RunHeader run={run} />
      <Tabs
        value={tab}
        onChange={(next) => setTab(tabs.find((one) => one === next) ?? 'chart')}
        keepMounted={false}
      >
        <Tabs.List mb="md" className={styles['tabs'] ?? ''}>
          <Tabs.Tab value="chart">Chart</Tabs.Tab>
          <Tabs.Tab value="timeline">Timeline</Tabs.Tab>
          <Tabs.Tab value="history">History ({run.entries.toLocaleString('en')})</Tabs.Tab>
          <Tabs.Tab value="compensation">Compensation</Tabs.Tab>
          <Tabs.Tab value="data">Data</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="chart">
          <TimeTravel run={run} at={moment} onChange={setAt} />
          <div className={styles['columns']}>
            <ChartPanel
              workflow={run.workflow}
              runId={run.runId}
              at={moment}
              chosen={step}
              onChoose={setStep}
            />
            <div className={`card ${styles['side']}`}>
              {step === null ? (
                <Standing run={run} at={moment} />
              ) : (
                <NodeDetails runId={run.runId} step={step} onClose={() => setStep(null)} />
              )}
            </div>
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="timeline">
          <Timeline run={run} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <History run={run} />
        </Tabs.Panel>
        <Tabs.Panel value="compensation">
          <Compensation run={run} />
        </Tabs.Panel>
        <Tabs.Panel value="data">
          <RunData run={run} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

/** Beside the chart while no step is chosen: why it waits, and what can happen next; of the past, if that is looked at. */
function Standing({ run, at }: { readonly run: Explanation; readonly at: number | null }) {
  const past = usePastRun(run.runId, at);
  if (at !== null && past.isPending) return <Loading rows={4} />;
  if (at !== null && past.isError) return <Failure error={past.error} />;
  const shown = at === null ? run : (past.data ?? run);
  return (
    <>
      <Title order={2} mb="xs">
        {shown.finishedAt === null ? 'Why it is waiting' : 'How it ended'}
      </Title>
      {shown.finishedAt === null ? <WaitingList run={shown} /> : <Ending run={shown} />}
      <Title order={2} mt="lg" mb="xs">
        What can happen next
      </Title>
      <NextEvents run={shown} />
    </>
  );
}

/** Sets something off by hand: a run from a form, or what would otherwise come from outside. */
import { Tabs } from '@mantine/core';
import { useSearchParams } from 'wouter';
import { PageHeader } from '../../parts/page-header.tsx';
import { EventPanel } from './event-panel.tsx';
import { RunPanel } from './run-panel.tsx';
import { TickPanel } from './tick-panel.tsx';
import { TriggerPanel } from './trigger-panel.tsx';
import { WebhookPanel } from './webhook-panel.tsx';

const panels = [
  ['run', 'Run', RunPanel],
  ['event', 'Event', EventPanel],
  ['webhook', 'Webhook', WebhookPanel],
  ['tick', 'Cron tick', TickPanel],
  ['trigger', 'File or message', TriggerPanel],
] as const;

export function StartPage() {
  const [search, setSearch] = useSearchParams();
  const kind = panels.find(([name]) => name === search.get('kind'))?.[0] ?? 'run';
  return (
    <>
      <PageHeader
        title="Start"
        about="Start a run, or send what would otherwise come from outside, to try it out."
      />
      <Tabs
        value={kind}
        keepMounted={false}
        onChange={(next) => setSearch({ kind: next ?? 'run' }, { replace: true })}
      >
        <Tabs.List mb="md" aria-label="What to set off">
          {panels.map(([name, label]) => (
            <Tabs.Tab key={name} value={name}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {panels.map(([name, , Panel]) => (
          <Tabs.Panel key={name} value={name}>
            <Panel />
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}

/** Webhooks: who may send what, what came in, and what nothing could be done with. */
import { Tabs } from '@mantine/core';
import { useSearchParams } from 'wouter';
import { PageHeader } from '../../parts/page-header.tsx';
import { DeadLetters } from './dead-letters.tsx';
import { Deliveries } from './deliveries.tsx';
import { Endpoints } from './endpoints.tsx';
import { Notices } from './notices.tsx';
import { Sources } from './sources.tsx';

const tabs = [
  ['deliveries', 'Received', Deliveries],
  ['dead', 'Dead letters', DeadLetters],
  ['sources', 'Sources', Sources],
  ['endpoints', 'Outgoing', Endpoints],
  ['notices', 'To people', Notices],
] as const;

export function WebhooksPage() {
  const [search, setSearch] = useSearchParams();
  const tab = tabs.find(([name]) => name === search.get('tab'))?.[0] ?? 'deliveries';
  return (
    <>
      <PageHeader
        title="Webhooks"
        about="What other systems have sent, what became of it, and what nothing could be done with."
      />
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) => setSearch({ tab: next ?? 'deliveries' }, { replace: true })}
      >
        <Tabs.List mb="md">
          {tabs.map(([name, label]) => (
            <Tabs.Tab key={name} value={name}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {tabs.map(([name, , Panel]) => (
          <Tabs.Panel key={name} value={name}>
            <Panel />
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}

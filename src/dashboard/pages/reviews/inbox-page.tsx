/** The inbox: reviews that are open, those of the reader first. */
import { Badge, Group, Kbd, NativeSelect, Select, Text } from '@mantine/core';
import { CircleCheck } from 'lucide-react';
import { useSearchParams } from 'wouter';
import { PageHeader } from '../../parts/page-header.tsx';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { TextFilter } from '../../parts/text-filter.tsx';
import { useWorkflowNames } from '../runs/use-runs.ts';
import { InboxList } from './inbox-list.tsx';
import { InboxTabs } from './inbox-tabs.tsx';
import { type Scope, scopes } from './scope.ts';
import { useInbox } from './use-inbox.ts';

const orders = ['deadline', 'oldest', 'newest'] as const;
const holders = ['any', 'by_me', 'by_others', 'nobody'] as const;

export function InboxPage() {
  const [search, setSearch] = useSearchParams();
  const scope = oneOf(scopes, search.get('scope'));
  const order = oneOf(orders, search.get('order'));
  const claimed = oneOf(holders, search.get('held'));
  const isOverdue = search.get('overdue') === 'true';
  const set = (name: string, value: string | null) =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === null) next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const workflow = search.get('workflow');
  const q = search.get('q');
  const query = {
    scope,
    order,
    claimed,
    ...(isOverdue && { overdue: 'true' }),
    ...(workflow !== null && { workflow }),
    ...(q !== null && { q }),
  };
  const inbox = useInbox(query);
  const workflows = useWorkflowNames();
  const { data } = inbox;
  return (
    <>
      <PageHeader
        title="Reviews"
        about="What waits for somebody's decision, the next deadline first."
      />
      <InboxTabs
        scope={scope}
        isOverdue={isOverdue}
        counts={data?.counts}
        onScope={(next) => set('scope', next)}
        onOverdue={(next) => set('overdue', next ? 'true' : null)}
      />
      <Group gap="sm" my="sm" align="flex-end">
        <TextFilter
          size="xs"
          label="Find"
          placeholder="Question, content, id or person"
          style={{ flex: '1 1 190px', maxWidth: 260 }}
          value={q ?? ''}
          onChange={(next) => set('q', next === '' ? null : next)}
        />
        <Select
          size="xs"
          label="Workflow"
          placeholder="Every workflow"
          data={workflows}
          value={workflow}
          onChange={(next) => set('workflow', next)}
          clearable
          searchable
          w={160}
        />
        <NativeSelect
          size="xs"
          label="Sort by"
          value={order}
          onChange={(event) => set('order', event.currentTarget.value)}
          data={[
            { value: 'deadline', label: 'Deadline' },
            { value: 'oldest', label: 'Waiting longest' },
            { value: 'newest', label: 'Newest' },
          ]}
        />
        <NativeSelect
          size="xs"
          label="Held by"
          value={claimed}
          onChange={(event) => set('held', event.currentTarget.value)}
          data={[
            { value: 'any', label: 'Anybody or nobody' },
            { value: 'by_me', label: 'Me' },
            { value: 'by_others', label: 'Others' },
            { value: 'nobody', label: 'Nobody' },
          ]}
        />
        <Text size="xs" c="dimmed" ml="auto" visibleFrom="sm">
          <Kbd size="xs">j</Kbd> <Kbd size="xs">k</Kbd> move · <Kbd size="xs">Enter</Kbd> open ·{' '}
          <Kbd size="xs">a</Kbd> approve · <Kbd size="xs">r</Kbd> reject
        </Text>
      </Group>
      {inbox.isPending && <Loading />}
      {inbox.isError && data === undefined && (
        <Failure error={inbox.error} retry={() => void inbox.refetch()} />
      )}
      {data !== undefined && data.total > 0 && <InboxList query={query} total={data.total} />}
      {data !== undefined && data.total === 0 && (
        <Empty
          icon={CircleCheck}
          title={isOverdue ? 'None was reminded of or escalated' : emptyTitles[scope]}
        >
          {data.counts.all > 0
            ? `${data.counts.all} ${data.counts.all === 1 ? 'review is' : 'reviews are'} open in all.`
            : 'A review stands here from the moment a run asks for one until it is decided.'}
        </Empty>
      )}
      {data?.isCapped === true && (
        <Badge variant="light" color="yellow" mt="sm">
          There are more open reviews than are looked through
        </Badge>
      )}
    </>
  );
}

const emptyTitles: Readonly<Record<Scope, string>> = {
  decidable: 'Nothing waits for your decision',
  mine: 'Nothing is assigned to you',
  groups: 'Nothing is assigned to your groups',
  all: 'No review is open',
};

function oneOf<const V extends string>(values: readonly [V, ...V[]], given: string | null): V {
  return values.find((value) => value === given) ?? values[0];
}

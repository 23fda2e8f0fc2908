/** The code was loaded anew: what changed, which modules could not be loaded, and which runs stay on their version. */
import { Alert, Anchor, List, Text } from '@mantine/core';
import { useSessionStorage } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { api } from '../../api/api.ts';
import type { AnswerOf } from '../../api/route.ts';
import { client } from '../data/client.ts';
import { Time } from '../parts/time.tsx';

type Change = NonNullable<AnswerOf<typeof api.workflows.list>['change']>;

const pollMs = 5_000;
/** A page is about more than what was loaded. */
const most = 4;

export function ReloadBanner() {
  const [seenAt, setSeenAt] = useSessionStorage({ key: 'signalbox-reload-seen', defaultValue: '' });
  const list = useQuery({
    queryKey: ['workflows', 'list'],
    queryFn: ({ signal }) => client.workflows.list({}, { signal }),
    refetchInterval: pollMs,
  });
  const { problems = [], change = null } = list.data ?? {};
  const shown = change !== null && change.at !== seenAt ? change : null;
  if (problems.length === 0 && shown === null) return null;
  // Those with runs that stay behind are what one has to know of.
  const changed = (shown?.workflows ?? []).toSorted(
    (left, right) => right.staying.length - left.staying.length,
  );
  return (
    <Alert
      role="status"
      color={problems.length > 0 ? 'red' : 'signal'}
      variant="light"
      mb="md"
      title={
        problems.length > 0
          ? 'A module could not be loaded; what it defined before goes on'
          : 'The code was loaded anew'
      }
      withCloseButton={shown !== null}
      closeButtonLabel="Dismiss"
      onClose={() => setSeenAt(change?.at ?? '')}
    >
      <List size="sm">
        {problems.map(({ module, message }) => (
          <List.Item key={module}>
            <span className="mono">{module}</span>: {message}
          </List.Item>
        ))}
        {changed.slice(0, most).map((workflow) => (
          <List.Item key={workflow.workflow}>
            <Changed workflow={workflow} />
          </List.Item>
        ))}
        {changed.length > most && (
          <List.Item>
            <Anchor component={Link} size="sm" underline="always" href="/workflows">
              {changed.length - most} more workflows
            </Anchor>
          </List.Item>
        )}
      </List>
      {shown !== null && (
        <Text size="xs" c="dimmed">
          <Time at={shown.at} />
        </Text>
      )}
    </Alert>
  );
}

function Changed({ workflow }: { readonly workflow: Change['workflows'][number] }) {
  const { staying } = workflow;
  return (
    <>
      <Anchor
        component={Link}
        size="sm"
        underline="always"
        href={`/workflows/${encodeURIComponent(workflow.workflow)}?tab=versions`}
      >
        {workflow.workflow}
      </Anchor>{' '}
      is now version {workflow.version}.{' '}
      {staying.length > 0 &&
        `${staying.length} ${staying.length === 1 ? 'run stays' : 'runs stay'} on the version ${staying.length === 1 ? 'it is' : 'they are'} on, as ${staying[0]?.runId ?? ''}: ${staying[0]?.why ?? ''}`}
    </>
  );
}

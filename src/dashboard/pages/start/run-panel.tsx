import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import { client } from '../../data/client.ts';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { StartForm } from './start-form.tsx';
import { useWorkflows, WorkflowSelect } from './workflow-select.tsx';

/** Which workflow, and the form of its input. */
export function RunPanel() {
  const [search, setSearch] = useSearchParams();
  const list = useWorkflows();
  const name = search.get('workflow') ?? list.data?.workflows[0]?.name ?? '';
  const details = useQuery({
    queryKey: ['workflows', 'one', name],
    queryFn: ({ signal }) => client.workflows.get({ params: { workflow: name } }, { signal }),
    enabled: name !== '',
  });
  if (list.isPending) return <Loading />;
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (list.data.workflows.length === 0) {
    return <Empty title="There is no workflow">The service was started without one.</Empty>;
  }
  return (
    <Stack gap="md" maw={760}>
      <WorkflowSelect
        workflows={list.data.workflows}
        value={name}
        onChange={(workflow) => setSearch({ kind: 'run', workflow }, { replace: true })}
      />
      {details.data?.description != null && (
        <Text size="sm" c="dimmed">
          {details.data.description}
        </Text>
      )}
      {details.isPending && <Loading />}
      {details.isError && <Failure error={details.error} />}
      {details.data !== undefined && <StartForm key={details.data.hash} workflow={details.data} />}
    </Stack>
  );
}

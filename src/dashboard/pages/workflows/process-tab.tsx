import { Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { client } from '../../data/client.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { Markdown } from '../../parts/markdown.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import type { TabProps } from './workflow-parts.ts';

/** The page about the process for those who own it, as `signalbox docs` writes it. */
export function ProcessTab({ workflow: { name } }: TabProps) {
  const page = useQuery({
    queryKey: ['workflows', 'page', name],
    queryFn: ({ signal }) => client.workflows.page({ params: { workflow: name } }, { signal }),
  });
  if (page.isPending) return <Loading />;
  if (page.isError) return <Failure error={page.error} retry={() => void page.refetch()} />;
  return (
    <section
      className="card"
      aria-label="Process"
      style={{ padding: '8px 20px 20px', maxWidth: 1000 }}
    >
      <Group justify="flex-end" mt={6}>
        <CliCommand args={['docs']} />
      </Group>
      <Markdown text={page.data.markdown} skipTitle />
    </section>
  );
}

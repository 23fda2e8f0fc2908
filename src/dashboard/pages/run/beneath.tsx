/** What a child run waits for, and its child, down to whoever can move it: nobody should have to open six runs for that. */
import { Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { client } from '../../data/client.ts';

const deepest = 8;

export function Beneath({ runId, depth = 1 }: { readonly runId: string; readonly depth?: number }) {
  const child = useQuery({
    queryKey: ['run', runId, 'waits'],
    queryFn: ({ signal }) => client.runs.get({ params: { runId } }, { signal }),
  });
  const [waiting, ...others] = child.data?.waitingOn ?? [];
  if (child.data === undefined || waiting === undefined) return null;
  if (waiting.runId !== undefined && depth < deepest)
    return <Beneath runId={waiting.runId} depth={depth + 1} />;
  const { workflow } = child.data;
  return (
    <Text size="sm" mt={4}>
      In the end{' '}
      <Anchor component={Link} size="sm" href={`/runs/${encodeURIComponent(runId)}`}>
        {workflow}
      </Anchor>{' '}
      waits for {waiting.what}
      {waiting.step !== 'run' && ` (${waiting.step})`}
      {others.length > 0 && `, and ${others.length} more`}.{' '}
      {waiting.kind === 'review' && (
        <Anchor
          component={Link}
          size="sm"
          href={`/reviews/${encodeURIComponent(runId)}/${encodeURIComponent(waiting.step)}`}
        >
          Decide
        </Anchor>
      )}
    </Text>
  );
}

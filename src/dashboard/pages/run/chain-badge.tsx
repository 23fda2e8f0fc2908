import { useQuery } from '@tanstack/react-query';
import { ShieldAlert, ShieldCheck, ShieldQuestion } from 'lucide-react';
import { client } from '../../data/client.ts';
import { Tag } from '../../parts/status-badge.tsx';

/** Recomputes the chain of hashes whenever the run has grown. */
export function useChain(runId: string, entries: number) {
  return useQuery({
    queryKey: ['chain', runId, entries],
    queryFn: ({ signal }) => client.runs.verify({ params: { runId } }, { signal }),
    placeholderData: (before) => before,
  });
}

/** Whether the history is as it was written. */
export function ChainBadge({ chain }: { readonly chain: ReturnType<typeof useChain> }) {
  if (chain.isPending) {
    return <Tag icon={ShieldQuestion}>Recomputing the chain of hashes…</Tag>;
  }
  if (chain.isError) {
    return (
      <Tag tint="amber" icon={ShieldQuestion}>
        The chain could not be recomputed
      </Tag>
    );
  }
  const { fault, entries } = chain.data;
  return fault === null ? (
    <Tag tint="green" icon={ShieldCheck}>
      {`Chain verified, ${entries.toLocaleString('en')} entries`}
    </Tag>
  ) : (
    <Tag tint="red" icon={ShieldAlert}>
      {`Chain broken at entry ${fault.seq}: ${fault.reason}`}
    </Tag>
  );
}

import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { client } from '../../data/client.ts';

export function useWorkflows() {
  return useQuery({
    queryKey: ['workflows', 'list'],
    queryFn: ({ signal }) => client.workflows.list({}, { signal }),
  });
}

export function WorkflowSelect({
  workflows,
  value,
  onChange,
}: {
  readonly workflows: readonly { readonly name: string; readonly version: number }[];
  readonly value: string;
  readonly onChange: (workflow: string) => void;
}) {
  return (
    <NativeSelect
      label="Workflow"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={workflows.map(({ name, version }) => ({
        value: name,
        label: `${name} (version ${version})`,
      }))}
    />
  );
}

import { Button, Group, Pill, Select } from '@mantine/core';
import { CliCommand } from '../../parts/cli-command.tsx';
import { TextFilter } from '../../parts/text-filter.tsx';
import { MoreFilters } from './more-filters.tsx';
import {
  isNarrowed,
  type Period,
  periods,
  type RunFilters,
  toArguments,
  waits,
} from './run-filters.ts';
import { SavedViews } from './saved-views.tsx';
import { useWorkflowNames } from './use-runs.ts';

const none: RunFilters = {
  q: '',
  workflow: null,
  status: [],
  label: [],
  period: null,
  hasReview: false,
  state: null,
  waits: null,
  parent: null,
};

export function FilterBar({
  filters,
  onChange,
}: {
  readonly filters: RunFilters;
  readonly onChange: (filters: RunFilters) => void;
}) {
  const workflows = useWorkflowNames();
  return (
    <Group gap="xs" align="center">
      <TextFilter
        aria-label="Text in id, key, workflow or labels"
        placeholder="Id, key or label"
        value={filters.q}
        onChange={(q) => onChange({ ...filters, q })}
        style={{ flex: '1 1 190px', maxWidth: 260 }}
      />
      <Select
        aria-label="Workflow"
        placeholder="Every workflow"
        data={workflows}
        value={filters.workflow}
        onChange={(workflow) => onChange({ ...filters, workflow })}
        clearable
        searchable
        w={190}
      />
      <Select
        aria-label="Started within"
        placeholder="Any time"
        data={Object.entries(periods).map(([value, { label }]) => ({ value, label }))}
        value={filters.period}
        onChange={(period) => onChange({ ...filters, period: period as Period | null })}
        clearable
        w={150}
      />
      <MoreFilters filters={filters} onChange={onChange} />
      {filters.state !== null && (
        <Chosen
          text={`in ${filters.state}`}
          onRemove={() => onChange({ ...filters, state: null })}
        />
      )}
      {filters.waits !== null && (
        <Chosen
          text={`waits longer than ${waits[filters.waits].label}`}
          onRemove={() => onChange({ ...filters, waits: null })}
        />
      )}
      {filters.hasReview && (
        <Chosen
          text="with an open review"
          onRemove={() => onChange({ ...filters, hasReview: false })}
        />
      )}
      {filters.parent !== null && (
        <Chosen
          text={`children of ${filters.parent}`}
          onRemove={() => onChange({ ...filters, parent: null })}
        />
      )}
      {filters.label.map((label) => (
        <Chosen
          key={label}
          text={label}
          onRemove={() =>
            onChange({ ...filters, label: filters.label.filter((one) => one !== label) })
          }
        />
      ))}
      {isNarrowed(filters) && (
        <Button variant="subtle" color="gray" onClick={() => onChange(none)}>
          Clear
        </Button>
      )}
      <Group gap={4} ml="auto">
        <SavedViews filters={filters} />
        <CliCommand args={toArguments(filters)} />
      </Group>
    </Group>
  );
}

function Chosen({ text, onRemove }: { readonly text: string; readonly onRemove: () => void }) {
  return (
    <Pill
      size="md"
      withRemoveButton
      onRemove={onRemove}
      removeButtonProps={{ 'aria-label': `No longer only ${text}`, tabIndex: 0 }}
    >
      {text}
    </Pill>
  );
}

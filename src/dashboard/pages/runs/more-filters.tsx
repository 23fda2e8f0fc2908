import { Button, Popover, Select, Stack, TextInput } from '@mantine/core';
import { SlidersHorizontal } from 'lucide-react';
import { useState } from 'react';
import { type RunFilters, type Wait, waits } from './run-filters.ts';

/** Where in its chart a run is, and how long it has waited. */
export function MoreFilters({
  filters,
  onChange,
}: {
  readonly filters: RunFilters;
  readonly onChange: (filters: RunFilters) => void;
}) {
  const [state, setState] = useState(filters.state ?? '');
  return (
    <Popover position="bottom-start" shadow="md" width={320} trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<SlidersHorizontal size={14} aria-hidden />}>
          More
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            onChange({ ...filters, state: state.trim() === '' ? null : state.trim() });
          }}
        >
          <Stack gap="sm">
            <TextInput
              label="In this state of the chart"
              description="A path, or the beginning of one"
              placeholder="processing.working.approval"
              value={state}
              onChange={(event) => setState(event.currentTarget.value)}
              maxLength={1_000}
            />
            <Select
              label="Waits longer than"
              placeholder="Any time"
              data={Object.entries(waits).map(([value, { label }]) => ({ value, label }))}
              value={filters.waits}
              onChange={(value) => onChange({ ...filters, waits: value as Wait | null })}
              comboboxProps={{ withinPortal: false }}
              clearable
            />
            <Button type="submit">Show</Button>
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

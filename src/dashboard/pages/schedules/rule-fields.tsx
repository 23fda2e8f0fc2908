import { Group, NativeSelect, NumberInput, Select, Stack, Switch, TextInput } from '@mantine/core';
import type { NewSchedule } from './rule.ts';
import { overlapWords, type Schedule } from './schedule-parts.ts';

const zones = [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])];
const overlaps = Object.entries(overlapWords).map(([value, label]) => ({
  value: value as Schedule['overlap'],
  label,
}));
const gaps = [
  { value: '', label: 'As usual for the rule' },
  { value: 'after', label: 'Fire after it' },
  { value: 'skip', label: 'Leave it out' },
] as const;
const repeats = [
  { value: '', label: 'As usual for the rule' },
  { value: 'once', label: 'Fire once' },
  { value: 'twice', label: 'Fire twice' },
] as const;

export function RuleFields({
  schedule,
  onChange,
}: {
  readonly schedule: NewSchedule;
  readonly onChange: (schedule: NewSchedule) => void;
}) {
  const change = (part: Partial<NewSchedule>) => onChange({ ...schedule, ...part });
  return (
    <Stack gap="sm">
      <TextInput
        data-autofocus
        label="Name"
        withAsterisk
        maxLength={64}
        value={schedule.name}
        onChange={(event) => change({ name: event.currentTarget.value })}
      />
      <TextInput
        label="Description"
        maxLength={2_000}
        value={schedule.description}
        onChange={(event) => change({ description: event.currentTarget.value })}
      />
      <Group grow align="flex-start">
        <TextInput
          label="Rule"
          description="Minute, hour, day, month, weekday"
          withAsterisk
          maxLength={200}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          value={schedule.cron}
          onChange={(event) => change({ cron: event.currentTarget.value })}
        />
        <Select
          label="Time zone"
          description="Of the rule"
          data={zones}
          searchable
          allowDeselect={false}
          limit={50}
          value={schedule.timeZone}
          onChange={(timeZone) => change({ timeZone: timeZone ?? 'UTC' })}
        />
      </Group>
      <Group grow align="flex-start">
        <NativeSelect
          label="If clocks jump over it"
          data={[...gaps]}
          value={schedule.gap ?? ''}
          onChange={(event) => change({ gap: chosen(gaps, event.currentTarget.value) })}
        />
        <NativeSelect
          label="If it comes twice"
          data={[...repeats]}
          value={schedule.repeat ?? ''}
          onChange={(event) => change({ repeat: chosen(repeats, event.currentTarget.value) })}
        />
      </Group>
      <NativeSelect
        label="If the last run still runs"
        data={overlaps}
        value={schedule.overlap}
        onChange={(event) =>
          change({ overlap: chosen(overlaps, event.currentTarget.value) ?? 'skip' })
        }
      />
      <Group grow align="flex-start">
        <NumberInput
          label="Makes up for"
          description="Missed times, at most"
          min={0}
          max={100}
          allowDecimal={false}
          value={schedule.catchUp}
          onChange={(value) => change({ catchUp: Number(value) })}
        />
        <NumberInput
          label="Spread over"
          description="Seconds after the time"
          min={0}
          max={86_400}
          allowDecimal={false}
          value={schedule.jitterSeconds}
          onChange={(value) => change({ jitterSeconds: Number(value) })}
        />
      </Group>
      <Switch
        label="Paused until it is resumed"
        checked={schedule.isPaused}
        onChange={(event) => change({ isPaused: event.currentTarget.checked })}
      />
    </Stack>
  );
}

/** `null` for the empty choice. */
function chosen<const V extends string>(
  options: readonly { readonly value: V }[],
  given: string,
): Exclude<V, ''> | null {
  const value = options.find((option) => option.value === given)?.value ?? '';
  return value === '' ? null : (value as Exclude<V, ''>);
}

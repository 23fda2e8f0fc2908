import { Stack, Text, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { client } from '../../data/client.ts';
import { Failure, Loading } from '../../parts/states.tsx';
import { type NewSchedule, ruleOf } from './rule.ts';
import { Slots } from './slots.tsx';

/** The next ten times of a rule, as it is being typed. */
export function RulePreview({ schedule }: { readonly schedule: NewSchedule }) {
  const { cron, timeZone, dst } = ruleOf(schedule);
  const [body] = useDebouncedValue(JSON.stringify({ cron, timeZone, dst }), 250);
  const preview = useQuery({
    queryKey: ['schedule-preview', body],
    queryFn: ({ signal }) =>
      client.schedules.preview({ body: JSON.parse(body) as ReturnType<typeof ruleOf> }, { signal }),
    enabled: cron !== '',
    placeholderData: keepPreviousData,
  });
  return (
    <Stack gap={4} aria-live="polite">
      <Title order={3}>Next times</Title>
      {cron === '' && (
        <Text size="sm" c="dimmed">
          Enter a rule to see when it fires.
        </Text>
      )}
      {preview.isPending && cron !== '' && <Loading rows={4} />}
      {preview.isError && <Failure error={preview.error} />}
      {preview.isSuccess && <Slots label="Next times of the rule" slots={preview.data.slots} />}
    </Stack>
  );
}

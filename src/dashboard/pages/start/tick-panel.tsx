/** Lets a schedule fire now. */
import { NativeSelect, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { client } from '../../data/client.ts';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { RunNow } from '../schedules/run-now.tsx';

export function TickPanel() {
  const list = useQuery({
    queryKey: ['schedules', 'list'],
    queryFn: ({ signal }) => client.schedules.list({}, { signal }),
  });
  const [chosen, setChosen] = useState<string | null>(null);
  if (list.isPending) return <Loading rows={3} />;
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  const { schedules } = list.data;
  const schedule = schedules.find(({ name }) => name === chosen) ?? schedules[0];
  if (schedule === undefined) {
    return (
      <Empty title="There is no schedule">
        Schedules are declared in a module of the service, or created on the page of schedules.
      </Empty>
    );
  }
  return (
    <Stack gap="md" maw={760} align="flex-start">
      <NativeSelect
        label="Schedule"
        w="100%"
        value={schedule.name}
        onChange={(event) => setChosen(event.currentTarget.value)}
        data={schedules.map(({ name, cron }) => ({ value: name, label: `${name} (${cron})` }))}
      />
      <Text size="sm">
        Starts {schedule.target.kind === 'workflow' ? 'a run of' : 'the event'}{' '}
        <b>{schedule.target.name}</b> as if it were time, whatever the rule and the overlap policy
        say.
      </Text>
      <RunNow schedule={schedule} />
    </Stack>
  );
}

/** What starts runs by itself: schedules with the times they fire at, and other triggers. */
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CalendarClock, CalendarPlus } from 'lucide-react';
import { useState } from 'react';
import { client } from '../../data/client.ts';
import { useRoles } from '../../data/me.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { NewScheduleDialog } from './new-schedule-dialog.tsx';
import { ScheduleCard } from './schedule-card.tsx';
import { Triggers } from './triggers.tsx';

export function SchedulesPage() {
  const isAdmin = useRoles().admin;
  const [isMaking, setIsMaking] = useState(false);
  const list = useQuery({
    queryKey: ['schedules', 'list'],
    queryFn: ({ signal }) => client.schedules.list({}, { signal }),
    refetchInterval: 5_000,
  });
  return (
    <>
      <PageHeader
        title="Schedules and triggers"
        about="What starts runs by itself: when it fires next, what it missed, and what it does if the last run still runs."
      >
        {isAdmin && (
          <Button
            leftSection={<CalendarPlus size={14} aria-hidden />}
            onClick={() => setIsMaking(true)}
          >
            New schedule…
          </Button>
        )}
      </PageHeader>
      {isMaking && <NewScheduleDialog onClose={() => setIsMaking(false)} />}
      {list.isPending && <Loading />}
      {list.isError && list.data === undefined && (
        <Failure error={list.error} retry={() => void list.refetch()} />
      )}
      {list.data?.schedules.map((schedule) => (
        <ScheduleCard key={schedule.name} schedule={schedule} />
      ))}
      {list.data?.schedules.length === 0 && (
        <Empty icon={CalendarClock} title="There is no schedule">
          Schedules are declared in a module of the service, or created here.
        </Empty>
      )}
      <Triggers />
    </>
  );
}

/** For development: a clock that skips to the next deadline, a worker that is killed at a chosen commit. */
import { Alert } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ServiceError } from '../../../client/index.ts';
import { client } from '../../data/client.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { ClockPanel } from './clock-panel.tsx';
import { WorkerPanel } from './worker-panel.tsx';

export function DevelopmentPage() {
  const asked = useQuery({
    queryKey: ['development'],
    queryFn: ({ signal }) => client.development.get({}, { signal }),
    refetchInterval: 1_000,
    retry: false,
  });
  const { data, error } = asked;
  const isMissing = error instanceof ServiceError && error.status === 404;
  return (
    <>
      <PageHeader
        title="Development"
        about="Make a day pass in a second, and a worker die at a chosen moment, to see what becomes of your runs."
      />
      {isMissing && (
        <Empty title="This service was not started for development">
          Start it with <code>signalbox serve --development</code>.
        </Empty>
      )}
      {asked.isPending && <Loading />}
      {asked.isError && !isMissing && data === undefined && <Failure error={error} />}
      <div role="status">
        {asked.isError && !isMissing && data !== undefined && (
          <Alert color="yellow" variant="light" mb="md" title="The worker is gone">
            It is started again by itself; its runs go on from the store.
          </Alert>
        )}
      </div>
      {data !== undefined && !isMissing && (
        <>
          <ClockPanel clock={data.clock} />
          <WorkerPanel state={data} />
        </>
      )}
    </>
  );
}

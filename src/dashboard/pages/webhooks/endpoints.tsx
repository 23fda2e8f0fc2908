/** Whom the service tells of runs and reviews, and what was given up. */
import { Alert, Button, Group, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Send } from 'lucide-react';
import { useState } from 'react';
import { client } from '../../data/client.ts';
import { useRoles } from '../../data/me.ts';
import { CommandLine } from '../../parts/cli-command.tsx';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { EndpointCard } from './endpoint-card.tsx';
import { EndpointDialog } from './endpoint-dialog.tsx';

export function Endpoints() {
  const isAdmin = useRoles().admin;
  const [isMaking, setIsMaking] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const list = useQuery({
    queryKey: ['endpoints'],
    queryFn: ({ signal }) => client.endpoints.list({}, { signal }),
    refetchInterval: 5_000,
  });
  return (
    <Stack gap="md">
      {isAdmin && (
        <Group>
          <Button leftSection={<Send size={14} aria-hidden />} onClick={() => setIsMaking(true)}>
            Add an endpoint…
          </Button>
        </Group>
      )}
      <div role="status">
        {secret !== null && (
          <Alert
            color="green"
            variant="light"
            title="The secret its deliveries are signed with, shown this once"
            withCloseButton
            closeButtonLabel="I have copied it"
            onClose={() => setSecret(null)}
          >
            <CommandLine command={secret} />
          </Alert>
        )}
      </div>
      {list.isPending && <Loading />}
      {list.isError && list.data === undefined && (
        <Failure error={list.error} retry={() => void list.refetch()} />
      )}
      {list.data?.endpoints.length === 0 && (
        <Empty icon={Send} title="Nobody is told">
          An endpoint is told of runs and reviews as they happen, signed, and again until it
          answers.
        </Empty>
      )}
      {list.data?.endpoints.map((endpoint) => (
        <EndpointCard key={endpoint.endpointId} endpoint={endpoint} onSecret={setSecret} />
      ))}
      {isMaking && (
        <EndpointDialog
          onClose={() => setIsMaking(false)}
          onDone={(made) => {
            setIsMaking(false);
            setSecret(made);
          }}
        />
      )}
    </Stack>
  );
}

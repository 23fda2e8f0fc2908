import { Button, Group, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { FastForward } from 'lucide-react';
import { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { callArguments } from '../../parts/call-arguments.ts';
import { CliCommands } from '../../parts/cli-command.tsx';
import { durationInWords } from '../../parts/duration.ts';
import { notifyDone, notifyFailed } from '../../parts/notify.ts';
import { absolute } from '../../parts/time.tsx';

type Clock = AnswerOf<typeof api.development.get>['clock'];

const hourMs = 3_600_000;
const steps = [
  ['By an hour', hourMs],
  ['By a day', 24 * hourMs],
] as const;

/** The clock of the service, which goes ahead and never back. */
export function ClockPanel({ clock }: { readonly clock: Clock }) {
  const queries = useQueryClient();
  const skip = useMutation({
    mutationFn: (byMs: number | null) =>
      client.development.skip({ body: byMs === null ? {} : { byMs } }),
    onSuccess({ skippedMs }) {
      notifyDone(`${durationInWords(skippedMs)} have passed`);
      return queries.invalidateQueries();
    },
    onError: (error) => notifyFailed('The clock stands where it stood', error),
  });
  return (
    <section className="card" style={{ padding: 16, marginBottom: 16 }} aria-labelledby="clock">
      <Title order={2} id="clock" mb="xs">
        Clock
      </Title>
      <Text size="sm">
        For the service it is <b className="tabular">{absolute(clock.now)}</b>
        {clock.aheadMs > 0 && `, ${durationInWords(clock.aheadMs)} ahead of this machine`}.
      </Text>
      <Text size="sm" mb="sm">
        {clock.nextDue === null
          ? 'No run waits for time to pass.'
          : `The next deadline is at ${absolute(clock.nextDue)}.`}
      </Text>
      <Group gap="xs">
        <Button
          leftSection={<FastForward size={14} aria-hidden />}
          disabled={clock.nextDue === null}
          loading={skip.isPending && skip.variables === null}
          onClick={() => skip.mutate(null)}
        >
          Skip to the next deadline
        </Button>
        {steps.map(([label, byMs]) => (
          <Button
            key={byMs}
            variant="default"
            loading={skip.isPending && skip.variables === byMs}
            onClick={() => skip.mutate(byMs)}
          >
            {label}
          </Button>
        ))}
        <CliCommands
          commands={[
            {
              does: 'Skip to the next deadline',
              args: callArguments(api.development.skip, { body: {} }),
            },
            ...steps.map(([does, byMs]) => ({
              does,
              args: callArguments(api.development.skip, { body: { byMs } }),
            })),
          ]}
        />
      </Group>
    </section>
  );
}

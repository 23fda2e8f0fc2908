import { Alert, Button, Group, NativeSelect, NumberInput, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Skull } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { callArguments } from '../../parts/call-arguments.ts';
import { CliCommands } from '../../parts/cli-command.tsx';
import { notifyFailed } from '../../parts/notify.ts';

type State = AnswerOf<typeof api.development.get>;

/** The worker, which is killed now or at a commit to come, and started again. */
export function WorkerPanel({ state }: { readonly state: State }) {
  const { pid, restarts, commits, crash } = state;
  const [commit, setCommit] = useState(1);
  const [moment, setMoment] = useState<'before' | 'after'>('after');
  const queries = useQueryClient();
  const refresh = () => queries.invalidateQueries({ queryKey: ['development'] });
  const kill = useMutation({
    mutationFn: (at: number) => client.development.crash({ body: { commit: at, moment } }),
    onSuccess: refresh,
    onError: (error) => notifyFailed('The worker lives on', error),
  });
  const spare = useMutation({
    mutationFn: () => client.development.disarm(),
    onSuccess: refresh,
    onError: (error) => notifyFailed('The worker is still about to be killed', error),
  });
  return (
    <section className="card" style={{ padding: 16 }} aria-labelledby="worker">
      <Title order={2} id="worker" mb="xs">
        Worker
      </Title>
      <Text size="sm" mb="sm" className="tabular">
        Process {pid}, started again {restarts} {restarts === 1 ? 'time' : 'times'}, {commits}{' '}
        {commits === 1 ? 'commit' : 'commits'} since.
      </Text>
      <div role="status">
        {crash !== null && (
          <Alert
            color="red"
            variant="light"
            mb="sm"
            title={`It will be killed ${crash.moment} the ${crash.commitsLeft === 1 ? 'next commit' : `${crash.commitsLeft}th commit from now`}`}
          >
            <Button variant="default" loading={spare.isPending} onClick={() => spare.mutate()}>
              Let it live
            </Button>
          </Alert>
        )}
      </div>
      <Group gap="sm" align="flex-end">
        <NumberInput
          label="At commit"
          description="Counted from now"
          w={130}
          min={1}
          max={10_000}
          value={commit}
          onChange={(next) => typeof next === 'number' && next >= 1 && setCommit(Math.floor(next))}
        />
        <NativeSelect
          label="Moment"
          description="Before, the commit is lost"
          value={moment}
          onChange={(event) =>
            setMoment(event.currentTarget.value === 'before' ? 'before' : 'after')
          }
          data={[
            { value: 'after', label: 'after it is durable' },
            { value: 'before', label: 'before it' },
          ]}
        />
        <Button
          color="red"
          variant="light"
          disabled={crash !== null}
          loading={kill.isPending && kill.variables !== 0}
          onClick={() => kill.mutate(commit)}
        >
          Kill it then
        </Button>
        <Button
          color="red"
          leftSection={<Skull size={14} aria-hidden />}
          loading={kill.isPending && kill.variables === 0}
          onClick={() => kill.mutate(0)}
        >
          Kill it now
        </Button>
        <CliCommands
          commands={[
            {
              does: 'Kill it then',
              args: callArguments(api.development.crash, { body: { commit, moment } }),
            },
            {
              does: 'Kill it now',
              args: callArguments(api.development.crash, { body: { commit: 0, moment } }),
            },
            { does: 'Let it live', args: callArguments(api.development.disarm, {}) },
          ]}
        />
      </Group>
    </section>
  );
}

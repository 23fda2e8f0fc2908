/** The switch that pauses the runs of a workflow, or all runs, and lets them go on. */
import { Alert, Button, Group, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CirclePause, Pause, Play } from 'lucide-react';
import { useState } from 'react';
import type { Pause as PauseInForce } from '../../api/pauses.ts';
import { client } from '../data/client.ts';
import { useRoles } from '../data/me.ts';
import { usePauses } from '../data/pauses.ts';
import { CliCommand } from './cli-command.tsx';
import { notifyDone, notifyFailed } from './notify.ts';
import { ReasonDialog } from './reason-dialog.tsx';
import { Time } from './time.tsx';

/** @param workflow - `null`: everything */
export function PauseSwitch({ workflow }: { readonly workflow: string | null }) {
  const [isAsking, setAsking] = useState(false);
  const queries = useQueryClient();
  const { data: pauses } = usePauses();
  const isOperator = useRoles().operator;
  if (!isOperator || pauses === undefined || pauses.some((pause) => pause.workflow === workflow))
    return null;
  const what = workflow === null ? 'everything' : workflow;
  return (
    <>
      <Button
        variant="default"
        leftSection={<Pause size={14} aria-hidden />}
        onClick={() => setAsking(true)}
      >
        {workflow === null ? 'Pause everything…' : 'Pause all runs…'}
      </Button>
      {isAsking && (
        <ReasonDialog
          title={workflow === null ? 'Pause everything' : `Pause all runs of ${workflow}`}
          verb="Pause"
          colour="red"
          about={
            <Text size="sm">
              Attempts under way end and their results are kept; nothing more begins. Timers and
              deadlines stand still with what is left of them. New runs, webhooks and decisions are
              accepted, and wait until {what} is resumed.
            </Text>
          }
          args={(reason) => ['pause', ...scopeArgs(workflow), '--reason', reason]}
          act={(reason) => client.pauses.pause({ body: { ...scopeOf(workflow), reason } })}
          onDone={() => {
            setAsking(false);
            notifyDone(workflow === null ? 'Everything is paused' : `${workflow} is paused`);
            void queries.invalidateQueries();
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

/** Nothing unless it is paused: who wants it, since when and why, and the way out. */
export function PauseNotice({ workflow }: { readonly workflow: string | null }) {
  const { data: pauses } = usePauses();
  const pause = pauses?.find((each) => each.workflow === workflow);
  return pause === undefined ? null : <Notice pause={pause} />;
}

function Notice({ pause }: { readonly pause: PauseInForce }) {
  const { workflow, actor, since, reason } = pause;
  const isOperator = useRoles().operator;
  const queries = useQueryClient();
  const resume = useMutation({
    mutationFn: () => client.pauses.resume({ body: { ...scopeOf(workflow), since } }),
    onSuccess({ changed }) {
      if (changed) notifyDone(workflow === null ? 'Everything goes on' : `${workflow} goes on`);
      void queries.invalidateQueries();
    },
    onError: (error) => notifyFailed('It could not be resumed', error),
  });
  return (
    <Alert
      role="status"
      color="yellow"
      variant="light"
      mb="md"
      icon={<CirclePause size={18} aria-hidden />}
      title={workflow === null ? 'Everything is paused' : 'All runs of this workflow are paused'}
    >
      <Group justify="space-between" gap="sm">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {reason} <br />
          <Text component="span" size="xs">
            {actor}, <Time at={since} />. What comes in is accepted and waits.
          </Text>
        </Text>
        <Group gap="xs" display={isOperator ? undefined : 'none'}>
          <CliCommand args={['resume', ...scopeArgs(workflow)]} />
          <Button
            leftSection={<Play size={14} aria-hidden />}
            loading={resume.isPending}
            onClick={() => resume.mutate()}
          >
            {workflow === null ? 'Resume everything' : 'Resume all runs'}
          </Button>
        </Group>
      </Group>
    </Alert>
  );
}

const scopeOf = (workflow: string | null) => (workflow === null ? {} : { workflow });
const scopeArgs = (workflow: string | null) =>
  workflow === null ? ['--all'] : ['--workflow', workflow];

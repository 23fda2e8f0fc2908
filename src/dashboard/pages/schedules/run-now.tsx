import { Button, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Play } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { client } from '../../data/client.ts';
import { notifyDone } from '../../parts/notify.ts';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import type { Schedule } from './schedule-parts.ts';

/** Lets a schedule fire now; leads to the run, if it started one. */
export function RunNow({ schedule: { name, target } }: { readonly schedule: Schedule }) {
  const [isAsking, setIsAsking] = useState(false);
  const [, navigate] = useLocation();
  const queries = useQueryClient();
  return (
    <>
      <Button leftSection={<Play size={14} aria-hidden />} onClick={() => setIsAsking(true)}>
        Run now…
      </Button>
      {isAsking && (
        <ReasonDialog
          title={`Let "${name}" fire now`}
          verb="Run now"
          isOptional
          about={
            <Text size="sm">
              {target.kind === 'workflow'
                ? `Starts a run of ${target.name}`
                : `Publishes ${target.name}`}
              , whatever the rule and the overlap policy say.
            </Text>
          }
          args={(reason) => [
            'schedule',
            'run',
            name,
            ...(reason === '' ? [] : ['--reason', reason]),
          ]}
          act={(reason) =>
            client.schedules.run({ params: { name }, body: reason === '' ? {} : { reason } })
          }
          onDone={(fire) => {
            setIsAsking(false);
            void queries.invalidateQueries({ queryKey: ['schedules'] });
            notifyDone(`"${name}": ${fire.outcome}`);
            if (fire.runId !== null) navigate(`/runs/${encodeURIComponent(fire.runId)}`);
          }}
          onClose={() => setIsAsking(false)}
        />
      )}
    </>
  );
}

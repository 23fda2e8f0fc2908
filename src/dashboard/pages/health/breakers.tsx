/** Circuit breakers, each drawn as the machine it is: closed, open, half open. */
import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Breaker } from '../../../api/health.ts';
import { client } from '../../data/client.ts';
import { useRoles } from '../../data/me.ts';
import { notifyDone } from '../../parts/notify.ts';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { Time } from '../../parts/time.tsx';
import styles from './breakers.module.css';

const states = [
  ['closed', 'Closed', 'calls go through'],
  ['open', 'Open', 'calls are held back'],
  ['half_open', 'Half open', 'one probe goes through'],
] as const;

export function Breakers({ breakers }: { readonly breakers: readonly Breaker[] }) {
  const isOperator = useRoles().operator;
  const [resetting, setResetting] = useState<string | null>(null);
  const queries = useQueryClient();
  return (
    <section className="card" aria-labelledby="breakers" style={{ padding: 16 }}>
      <Title order={2} id="breakers" mb="xs">
        Circuit breakers
      </Title>
      {breakers.length === 0 && (
        <Text size="sm" c="dimmed">
          None has been used yet.
        </Text>
      )}
      <Stack gap="md">
        {breakers.map((breaker) => (
          <Group key={breaker.name} gap="md" justify="space-between">
            <div>
              <Text size="sm" fw={600}>
                {breaker.name}
              </Text>
              <Text size="xs" c="dimmed">
                {sentenceOf(breaker)}
                {breaker.probesAt !== null && (
                  <>
                    {' '}
                    <Time at={breaker.probesAt} />
                  </>
                )}
              </Text>
            </div>
            <ol className={styles['machine']} aria-label={`States of ${breaker.name}`}>
              {states.map(([state, label, about]) => (
                <li
                  key={state}
                  className={styles['state']}
                  data-state={state}
                  data-current={state === breaker.state}
                  aria-current={state === breaker.state ? 'true' : undefined}
                  title={about}
                >
                  {state === breaker.state && <span aria-hidden>● </span>}
                  {label}
                </li>
              ))}
            </ol>
            {isOperator && (
              <Button
                variant="default"
                disabled={breaker.state === 'closed' && breaker.failures === 0}
                onClick={() => setResetting(breaker.name)}
              >
                Reset now…
              </Button>
            )}
          </Group>
        ))}
      </Stack>
      {resetting !== null && (
        <ReasonDialog
          title={`Close "${resetting}" now`}
          verb="Reset"
          about={
            <Text size="sm">
              Calls go through again at once; as many failures as before open it again.
            </Text>
          }
          args={(reason) => ['breaker', 'reset', resetting, '--reason', reason]}
          act={(reason) =>
            client.health.resetBreaker({ params: { name: resetting }, body: { reason } })
          }
          onDone={() => {
            setResetting(null);
            notifyDone('The breaker is closed');
            void queries.invalidateQueries({ queryKey: ['health'] });
          }}
          onClose={() => setResetting(null)}
        />
      )}
    </section>
  );
}

function sentenceOf({ state, failures, failureThreshold }: Breaker): string {
  switch (state) {
    case 'closed':
      return `${failures} of ${failureThreshold} failures in a row`;
    case 'open':
      return 'Held back; a probe goes through';
    case 'half_open':
      return 'Waits for its probe';
    default:
      return state satisfies never;
  }
}

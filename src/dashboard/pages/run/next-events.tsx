/** Which events the run would accept now, and the guards that shut the others. */
import { Text } from '@mantine/core';
import { Check, Lock } from 'lucide-react';
import type { Explanation } from '../../../api/run-shapes.ts';
import { eventInWords, guardInWords } from './event-words.ts';
import styles from './run.module.css';

export function NextEvents({ run }: { readonly run: Explanation }) {
  if (run.events.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {run.finishedAt === null
          ? 'It listens to nothing from outside.'
          : 'It has ended; nothing moves it any more.'}
      </Text>
    );
  }
  const sorted = [...run.events].sort((left, right) => Number(right.open) - Number(left.open));
  return (
    <ul className={styles['events']} aria-label="What can happen next">
      {sorted.map(({ event, open, blockedBy }) => (
        <li key={event} data-open={open}>
          {open ? <Check size={14} aria-hidden /> : <Lock size={14} aria-hidden />}
          <div style={{ minWidth: 0 }}>
            <span title={event}>
              {eventInWords(event) ?? <span className="mono">{event}</span>}
            </span>
            {open ? (
              <span className="visually-hidden"> is possible</span>
            ) : (
              <Text size="xs" c="dimmed">
                {blockedBy.length === 0
                  ? 'not in this state'
                  : blockedBy.map(guardInWords).join('; ')}
              </Text>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

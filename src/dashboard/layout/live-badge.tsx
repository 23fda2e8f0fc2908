import { Tooltip } from '@mantine/core';
import { useConnection } from '../data/live.tsx';
import styles from './shell.module.css';

const words = {
  connecting: 'Connecting to the service',
  open: 'Live: what you see follows the runs',
  lost: 'No connection to the service; trying again. What you see may be old',
} as const;

/** Whether what is shown follows the runs. */
export function LiveBadge() {
  const connection = useConnection();
  return (
    <Tooltip label={words[connection]}>
      <span className={styles['live']} data-connection={connection} role="status">
        <span className={styles['dot']} aria-hidden />
        {connection === 'open' ? 'Live' : connection === 'lost' ? 'Offline' : 'Connecting'}
        <span className="visually-hidden">. {words[connection]}</span>
      </span>
    </Tooltip>
  );
}

/** Whatever takes longer than a second says so, wherever it was asked for. */
import { Progress } from '@mantine/core';
import { useIsFetching, useIsMutating } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import styles from './shell.module.css';

const patienceMs = 1_000;

export function SlowProgress() {
  return useIsFetching() + useIsMutating() > 0 ? <Patience /> : null;
}

function Patience() {
  const [isSlow, setIsSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsSlow(true), patienceMs);
    return () => clearTimeout(timer);
  }, []);
  if (!isSlow) return null;
  return (
    <div className={styles['slow']} role="status">
      <Progress value={100} animated size={3} radius={0} aria-label="The service is working" />
      <span className="visually-hidden">The service is working</span>
    </div>
  );
}

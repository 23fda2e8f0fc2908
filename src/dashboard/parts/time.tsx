/** Moments: how long ago or ahead, with the exact time on demand; or the exact time at once, if the reader prefers that. */
import { Tooltip } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { useSyncExternalStore } from 'react';
import { durationInWords } from './duration.ts';

type TimeStyle = 'relative' | 'absolute';

/** The reader's choice, kept in this browser. */
export function useTimeStyle() {
  return useLocalStorage<TimeStyle>({ key: 'signalbox-time', defaultValue: 'relative' });
}

const listeners = new Set<() => void>();
let nowMs = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    nowMs = Date.now();
    for (const each of listeners) each();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** Milliseconds since 1970, one step a second. */
export function useNowMs(): number {
  return useSyncExternalStore(subscribe, () => nowMs);
}

/** @param at - ISO 8601 */
export function Time({ at }: { readonly at: string }) {
  const [style] = useTimeStyle();
  return style === 'absolute' ? (
    <time dateTime={at} className="tabular">
      {absolute(at)}
    </time>
  ) : (
    <RelativeTime at={at} />
  );
}

function RelativeTime({ at }: { readonly at: string }) {
  const now = useNowMs();
  return (
    <Tooltip label={absolute(at)}>
      <time dateTime={at} className="tabular" tabIndex={-1}>
        {relative(Date.parse(at), now)}
      </time>
    </Tooltip>
  );
}

export function relative(atMs: number, now: number): string {
  // Whole seconds: tenths would flicker.
  const distance = Math.round((atMs - now) / 1_000) * 1_000;
  if (Math.abs(distance) < 2_000) return 'now';
  return distance > 0 ? `in ${durationInWords(distance)}` : `${durationInWords(-distance)} ago`;
}

const format = new Intl.DateTimeFormat('sv-SE', {
  dateStyle: 'short',
  timeStyle: 'medium',
  hourCycle: 'h23',
});

/** Local time, sortable: `2026-11-21 17:05:09`. */
export function absolute(at: string): string {
  return format.format(new Date(at));
}

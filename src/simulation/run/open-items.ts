/** What a run waits for: attempts under way, timers, reviews, events. */
import type { Agenda } from '../agenda.ts';
import type { Pool } from '../pool.ts';

export interface OpenItem {
  readonly step: string;
  /** `timer:name`, `review`, `expiry`, `event`, `timeout`, `child` or `work`. */
  readonly kind: string;
}

export interface OpenItems {
  /** Happens in `delayMs`, unless it is closed before. */
  after(what: OpenItem, delayMs: number, happen: () => void): void;
  /** Takes somebody of the pool for as long as it lasts. */
  occupy(what: OpenItem, pool: Pool, lastsMs: number, happen: () => void): void;
  /** Ends elsewhere. @returns takes it off the list */
  hold(what: OpenItem): () => void;
  has(what: OpenItem): boolean;
  close(matches: (what: OpenItem) => boolean): void;
}

interface Entry {
  readonly what: OpenItem;
  readonly end: () => void;
}

export function createOpenItems(agenda: Agenda): OpenItems {
  let entries: readonly Entry[] = [];

  function add(what: OpenItem, end: () => void): () => void {
    const entry = { what, end };
    entries = [...entries, entry];
    return () => {
      entries = entries.filter((other) => other !== entry);
    };
  }

  return {
    after(what, delayMs, happen) {
      const forget = agenda.after(delayMs, () => {
        remove();
        happen();
      });
      const remove = add(what, forget);
    },
    occupy(what, pool, lastsMs, happen) {
      let stop = () => {};
      let isOver = false;
      const place = pool.enter(() => {
        stop = agenda.after(lastsMs, () => {
          remove();
          isOver = true;
          place.leave();
          happen();
        });
      });
      const remove = add(what, () => {
        if (isOver) return;
        isOver = true;
        stop();
        place.leave();
      });
    },
    hold: (what) => add(what, () => {}),
    has: ({ step, kind }) => entries.some(({ what }) => what.step === step && what.kind === kind),
    close(matches) {
      const closed = entries.filter(({ what }) => matches(what));
      if (closed.length === 0) return;
      entries = entries.filter((entry) => !closed.includes(entry));
      for (const { end } of closed) end();
    },
  };
}

/** One subscription to the news of all runs: what the page shows of a run is asked again when the run has moved. */
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { client } from './client.ts';
import { useMe } from './me.ts';

export type Connection = 'connecting' | 'open' | 'lost';

const ConnectionContext = createContext<Connection>('connecting');

/** Whether news arrive. */
export function useConnection(): Connection {
  return useContext(ConnectionContext);
}

/** News come in bursts; what they change is asked again at most once in this time. */
const restMs = 400;

export function LiveUpdates({ children }: { readonly children: ReactNode }) {
  const queries = useQueryClient();
  const [connection, setConnection] = useState<Connection>('connecting');
  const { data: me } = useMe();
  const mayListen = me?.caller != null;
  useEffect(() => {
    if (!mayListen) return undefined;
    const ended = new AbortController();
    const changed = createChanged(queries);
    void listen(ended.signal, (runId) => changed.note(runId), setConnection);
    return () => {
      ended.abort();
      changed.stop();
    };
  }, [queries, mayListen]);
  return <ConnectionContext value={connection}>{children}</ConnectionContext>;
}

async function listen(
  signal: AbortSignal,
  note: (runId: string | null) => void,
  onConnection: (connection: Connection) => void,
): Promise<void> {
  let wasLost = false;
  try {
    const news = client.runs.news(
      {},
      {
        signal,
        onConnection(isOpen) {
          onConnection(isOpen ? 'open' : 'lost');
          if (isOpen && wasLost) note(null);
          wasLost ||= !isOpen;
        },
      },
    );
    for await (const { data } of news) note(data.kind === 'entry' ? data.runId : null);
  } catch {
    // Refused, as without sign-in: the page says so itself, and lives on without news.
    if (!signal.aborted) onConnection('lost');
  }
}

/** Collects the runs that have moved and lets go of what is known of them, all of it at once. */
function createChanged(queries: QueryClient) {
  let runIds = new Set<string>();
  let isEverything = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    const [moved, all] = [runIds, isEverything];
    [timer, runIds, isEverything] = [undefined, new Set(), false];
    if (all) void queries.invalidateQueries();
    else {
      void queries.invalidateQueries({
        predicate: ({ queryKey: [topic, id] }) =>
          topic === 'run' ? moved.has(String(id)) : liveTopics.has(String(topic)),
      });
    }
  };
  return {
    /** @param runId - `null`: more than one can tell */
    note(runId: string | null): void {
      if (runId === null) isEverything = true;
      else runIds.add(runId);
      timer ??= setTimeout(flush, restMs);
    },
    stop: () => clearTimeout(timer),
  };
}

/** First parts of the keys of queries that may change whenever any run moves. */
const liveTopics: ReadonlySet<string> = new Set([
  'runs',
  'reviews',
  'incidents',
  'health',
  'schedules',
]);

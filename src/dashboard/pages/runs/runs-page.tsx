/** All runs: filtered by the service, live, chosen and changed in bulk. */
import { Anchor } from '@mantine/core';
import { useCallback, useMemo, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { useRoles } from '../../data/me.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { BulkBar } from './bulk-bar.tsx';
import { FilterBar } from './filter-bar.tsx';
import { isNarrowed, type RunFilters, toFilters, toSearch } from './run-filters.ts';
import { RunTable } from './run-table.tsx';
import styles from './runs.module.css';
import { StatusFilter } from './status-filter.tsx';
import { useCounts, useRuns } from './use-runs.ts';

export function RunsPage() {
  const [search, setSearch] = useSearchParams();
  const filters = useMemo(() => toFilters(search), [search]);
  const change = (next: RunFilters) => setSearch(toSearch(next), { replace: true });
  const counts = useCounts(filters);
  const inReview = useCounts({ ...filters, hasReview: true });
  const list = useRuns(filters);
  const runs = useMemo(() => list.data?.pages.flatMap((page) => page.runs) ?? [], [list.data]);
  const isOperator = useRoles().operator;
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const choose = useCallback(
    (runId: string, isChosen: boolean) =>
      setChosen((before) => {
        const after = new Set(before);
        if (isChosen) after.add(runId);
        else after.delete(runId);
        return after;
      }),
    [],
  );
  const { fetchNextPage } = list;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const total =
    filters.status.length === 0
      ? counts.data?.total
      : filters.status.reduce((sum, status) => sum + (counts.data?.status[status] ?? 0), 0);

  return (
    <div className={styles['page']}>
      <PageHeader title="Runs" />
      <StatusFilter
        counts={counts.data?.status}
        total={counts.data?.total}
        chosen={filters.status}
        onChange={(status) => change({ ...filters, status })}
        inReview={inReview.data?.total}
        isInReview={filters.hasReview}
        onInReview={(hasReview) => change({ ...filters, hasReview })}
      />
      <FilterBar filters={filters} onChange={change} />
      {chosen.size > 0 && (
        <BulkBar
          chosen={chosen}
          filters={filters}
          total={total}
          onClear={() => setChosen(new Set())}
        />
      )}
      {list.isPending ? (
        <Loading rows={8} />
      ) : list.isError ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : runs.length === 0 ? (
        <div className="card">
          {isNarrowed(filters) ? (
            <Empty title="No run fits">Take a filter away, or look in another period.</Empty>
          ) : (
            <Empty title="No run yet">
              {isOperator ? (
                <>
                  <Anchor component={Link} size="sm" href="/start">
                    Start one from a form
                  </Anchor>
                  , by the API, or with <code>npx signalbox run WORKFLOW</code>.
                </>
              ) : (
                'A run stands here from the moment somebody or something starts it.'
              )}
            </Empty>
          )}
        </div>
      ) : (
        <RunTable
          runs={runs}
          total={total}
          hasMore={list.hasNextPage}
          isFetchingMore={list.isFetchingNextPage}
          onMore={more}
          mayChoose={isOperator}
          chosen={chosen}
          onChoose={choose}
          onChooseAll={(isChosen) =>
            setChosen(isChosen ? new Set(runs.map(({ runId }) => runId)) : new Set())
          }
        />
      )}
    </div>
  );
}

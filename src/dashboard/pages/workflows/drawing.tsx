/** The drawing of a workflow, in the reader's colours. */
import { useComputedColorScheme } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback } from 'react';
import type { api } from '../../../api/api.ts';
import type { RequestOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { Failure, Loading } from '../../parts/states.tsx';
import { SvgView } from '../run/svg-view.tsx';
import styles from './workflow.module.css';

type Query = Omit<NonNullable<RequestOf<typeof api.workflows.drawing>['query']>, 'theme'>;

export function Drawing({
  workflow,
  query,
  chosen = null,
  onChoose = () => {},
  describeNode = noWords,
  shown = null,
}: {
  readonly workflow: string;
  readonly query: Query;
  readonly chosen?: string | null;
  readonly onChoose?: (node: string) => void;
  readonly describeNode?: (node: string) => string | null;
  /** Is brought into view when it changes. */
  readonly shown?: string | null;
}) {
  const theme = useComputedColorScheme('light');
  const drawing = useQuery({
    queryKey: ['workflows', 'drawing', workflow, query, theme],
    queryFn: ({ signal }) =>
      client.workflows.drawing({ params: { workflow }, query: { ...query, theme } }, { signal }),
    placeholderData: keepPreviousData,
  });
  const isChosen = useCallback((node: string) => node === chosen, [chosen]);
  if (drawing.isError)
    return <Failure error={drawing.error} retry={() => void drawing.refetch()} />;
  if (drawing.isPending) return <Loading />;
  return (
    <div className={styles['drawing']}>
      <SvgView
        svg={drawing.data.svg}
        isChosen={isChosen}
        onChoose={onChoose}
        describeNode={describeNode}
        shown={shown}
      />
    </div>
  );
}

const noWords = () => '';

/** The drawing of a workflow, in the reader's colours. */
import { useComputedColorScheme } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import type { api } from '../../../api/api.ts';
import type { RequestOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { Failure, Loading } from '../../parts/states.tsx';
import { SvgView } from '../run/svg-view.tsx';
import { type Marks, marked } from './marks.ts';
import styles from './workflow.module.css';

type Query = Omit<NonNullable<RequestOf<typeof api.workflows.drawing>['query']>, 'theme'>;

export function Drawing({
  workflow,
  query,
  chosen = null,
  onChoose = () => {},
  describeNode = noWords,
  marks = noMarks,
}: {
  readonly workflow: string;
  readonly query: Query;
  readonly chosen?: string | null;
  readonly onChoose?: (node: string) => void;
  readonly describeNode?: (node: string) => string;
  readonly marks?: Marks;
}) {
  const theme = useComputedColorScheme('light');
  const drawing = useQuery({
    queryKey: ['workflows', 'drawing', workflow, query, theme],
    queryFn: ({ signal }) =>
      client.workflows.drawing({ params: { workflow }, query: { ...query, theme } }, { signal }),
    placeholderData: keepPreviousData,
  });
  const isChosen = useCallback((node: string) => node === chosen, [chosen]);
  const svg = drawing.data?.svg;
  const shown = useMemo(() => (svg === undefined ? null : marked(svg, marks)), [svg, marks]);
  if (drawing.isError)
    return <Failure error={drawing.error} retry={() => void drawing.refetch()} />;
  if (shown === null) return <Loading />;
  return (
    <div className={styles['drawing']}>
      <SvgView svg={shown} isChosen={isChosen} onChoose={onChoose} describeNode={describeNode} />
    </div>
  );
}

const noMarks: Marks = new Map();
const noWords = () => '';

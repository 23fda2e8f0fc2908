/** What the page of a run asks the service; everything under the key `['run', runId]` is asked again when the run moves. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { client } from '../../data/client.ts';

export type DiagramView = 'steps' | 'states';

export function useRun(runId: string) {
  return useQuery({
    queryKey: ['run', runId, 'explanation'],
    queryFn: ({ signal }) => client.runs.explain({ params: { runId } }, { signal }),
  });
}

/** @param at - entry of the history; `null`: now, and nothing is asked */
export function usePastRun(runId: string, at: number | null) {
  return useQuery({
    queryKey: ['past-run', runId, at],
    queryFn: ({ signal }) => client.runs.at({ params: { runId, seq: at ?? 1 } }, { signal }),
    enabled: at !== null,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

interface Drawing {
  readonly view: DiagramView;
  readonly at: number | null;
}

export function useDiagram(
  runId: string,
  { view, at, theme }: Drawing & { readonly theme: 'light' | 'dark' },
) {
  return useQuery({
    queryKey: ['run', runId, 'diagram', view, at, theme],
    queryFn: ({ signal }) =>
      client.runs.diagram(
        { params: { runId }, query: { view, theme, ...(at !== null && { at }) } },
        { signal },
      ),
    placeholderData: keepPreviousData,
  });
}

export function useNodes(runId: string, { view, at }: Drawing) {
  return useQuery({
    queryKey: ['run', runId, 'nodes', view, at],
    queryFn: ({ signal }) =>
      client.runs.nodes(
        { params: { runId }, query: { view, ...(at !== null && { at }) } },
        { signal },
      ),
    placeholderData: keepPreviousData,
  });
}

/** What the run was started with. */
export function useInput(runId: string, isWanted = true) {
  return useQuery({
    queryKey: ['input', runId],
    queryFn: async ({ signal }) =>
      (await client.runs.input({ params: { runId } }, { signal })).input,
    enabled: isWanted,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** @param step - `null`: none is looked at, and nothing is asked */
export function useStep(runId: string, step: string | null) {
  return useQuery({
    queryKey: ['run', runId, 'step', step],
    queryFn: ({ signal }) => client.runs.step({ params: { runId, step: step ?? '' } }, { signal }),
    enabled: step !== null,
    placeholderData: (before) => (before?.step === step ? before : undefined),
  });
}

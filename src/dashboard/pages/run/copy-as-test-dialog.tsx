import { Code, ScrollArea, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Run } from '../../../api/run-shapes.ts';
import { client } from '../../data/client.ts';
import { ActionDialog } from '../../parts/action-dialog.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import { download } from './download.ts';

/** The run as a regression test. */
export function CopyAsTestDialog({
  run,
  onClose,
}: {
  readonly run: Run;
  readonly onClose: () => void;
}) {
  const { runId } = run;
  const test = useQuery({
    queryKey: ['run', runId, 'test-file'],
    queryFn: ({ signal }) => client.runs.copyAsTest({ params: { runId } }, { signal }),
  });
  return (
    <ActionDialog
      title="Copy as test"
      command={['copy-as-test', runId]}
      action="Save the file"
      isBusy={false}
      isReady={test.isSuccess}
      onConfirm={() => {
        if (test.data !== undefined)
          download(`${run.workflow}-${runId.slice(0, 9)}.test.ts`, test.data.file, 'text/plain');
      }}
      onClose={onClose}
    >
      <Text size="sm">
        A vitest file in which the workflow has to go as this run went. Nothing marked sensitive is
        in it.
      </Text>
      {test.isPending && <Loading rows={4} />}
      {test.isError && <Failure error={test.error} />}
      {test.isSuccess && (
        <>
          <Text size="sm" c={test.data.passes === false ? 'red' : 'dimmed'}>
            {test.data.passes === null
              ? 'The workflow is not registered here, so nobody has tried it.'
              : test.data.passes
                ? 'The workflow of today goes as the run went.'
                : 'The workflow of today does not go as the run went.'}
          </Text>
          <ScrollArea.Autosize mah={320} type="auto">
            <Code block tabIndex={0}>
              {test.data.file}
            </Code>
          </ScrollArea.Autosize>
        </>
      )}
    </ActionDialog>
  );
}

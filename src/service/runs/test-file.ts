import { isDeepStrictEqual } from 'node:util';
import { recordRun } from '../../testing/recorded/record.ts';
import { testFileOf } from '../../testing/recorded/test-file.ts';
import type { ServiceParts } from '../parts.ts';

/** A vitest file in which the workflow has to go as this run went; nothing sensitive is in it. */
export async function copyAsTest(
  { store, orchestrator }: ServiceParts,
  runId: string,
  { module, exported }: { readonly module: string; readonly exported: string },
) {
  const { recording, course } = await recordRun(store, runId);
  const file = testFileOf({ recording, course, exported, module });
  const workflow = orchestrator.workflows.find(
    ({ name, version }) => name === recording.workflow && version === recording.version,
  );
  if (workflow === undefined) return { file, passes: null };
  // The engine in memory takes time to load, which nobody else needs to spend.
  const { playRecording } = await import('../../testing/recorded/play.ts');
  return { file, passes: isDeepStrictEqual(await playRecording(workflow, recording), course) };
}

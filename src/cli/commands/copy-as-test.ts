import { writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { SignalboxError } from '../../errors.ts';
import { recordRun } from '../../testing/recorded/record.ts';
import { testFileOf } from '../../testing/recorded/test-file.ts';
import { runArgument } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { findRun } from '../find-run.ts';
import type { FoundWorkflow } from '../machines.ts';
import type { Session } from '../session.ts';

interface CopyOptions {
  readonly output?: string;
}

export function addCopyAsTest(program: Command, cli: Cli): void {
  program
    .command('copy-as-test')
    .description(
      'write a vitest file in which the workflow has to go as this run went; nothing sensitive is in it',
    )
    .argument('<run>', runArgument)
    .option('--output <file>', 'where to; default: standard output')
    .action((given: string, { output }: CopyOptions) =>
      cli.run('read', async (session) => {
        const runId = await findRun(session.orchestrator, given);
        const { recording, course } = await recordRun(session.store, runId);
        const found = workflowOf(session, recording.workflow, recording.version);
        // The engine in memory takes time to load, which no other command needs to spend.
        const { playRecording } = await import('../../testing/recorded/play.ts');
        const played = await playRecording(found.workflow, recording);
        const passes = isDeepStrictEqual(played, course);
        const from = dirname(resolve(output ?? 'run.test.ts'));
        const text = testFileOf({
          recording,
          course,
          exported: await exportedName(found),
          module: specifier(from, fileURLToPath(found.module)),
        });
        if (output !== undefined) await writeFile(output, text);
        if (!passes) cli.note(differenceNote(course.events, played.events));
        return {
          json: {
            runId,
            passes,
            output: output ?? null,
            ...(output === undefined ? { text } : {}),
          },
          text: output === undefined ? text.trimEnd().split('\n') : [`Written to ${output}`],
          exitCode: passes ? 0 : 1,
        };
      }),
    );
}

function workflowOf({ machines }: Session, name: string, version: number): FoundWorkflow {
  const known = machines.workflows.filter(({ workflow }) => workflow.name === name);
  const found = known.find(({ workflow }) => workflow.version === version) ?? known[0];
  if (found !== undefined) return found;
  throw new SignalboxError('WORKFLOW_UNKNOWN', `No module exports workflow "${name}"`, {
    details: { workflow: name },
    hint: 'Name the place of its module with --machines',
  });
}

async function exportedName({ module, workflow }: FoundWorkflow): Promise<string> {
  const exported: Record<string, unknown> = await import(module.href);
  return Object.entries(exported).find(([, value]) => value === workflow)?.[0] ?? 'default';
}

function specifier(from: string, file: string): string {
  const path = relative(from, file).replaceAll('\\', '/');
  return path.startsWith('.') ? path : `./${path}`;
}

function differenceNote(expected: readonly string[], found: readonly string[]): string {
  const longer = expected.length > found.length ? expected : found;
  const at = longer.findIndex((_, index) => expected[index] !== found[index]);
  const [then, now] = [expected[at], found[at]];
  return (
    'The test fails as it stands: ' +
    (at === -1
      ? 'the run ends otherwise now'
      : `"${then ?? 'nothing'}" happened then, "${now ?? 'nothing'}" happens now`) +
    '. The workflow has changed, or conditions read values that are sensitive; put such values into the file by hand'
  );
}

/** A recording as a test file for vitest. */
import type { Course, Recording } from './recording.ts';

export interface TestFileParts {
  readonly recording: Recording;
  /** What the test expects. */
  readonly course: Course;
  /** The workflow's export, and the module that exports it, as the file imports it. */
  readonly exported: string;
  readonly module: string;
}

export function testFileOf({ recording, course, exported, module }: TestFileParts): string {
  const runId = recording.runs[0]?.runId ?? '';
  const workflow = exported === 'default' ? 'workflow' : exported;
  const binding = exported === 'default' ? workflow : `{ ${exported} }`;
  return `import { expect, it } from 'vitest';
import * as testing from 'signalbox/testing';
import ${binding} from ${JSON.stringify(module)};

/** What came into the run from outside, in order. Values marked sensitive have stand-ins. */
const recording: testing.Recording = ${json(recording)};

/** How the run went: each event with the status after it, and how it ended. */
const course: testing.Course = ${json(course)};

it(${JSON.stringify(`${recording.workflow} goes as run ${runId} went`)}, async () => {
  expect(await testing.playRecording(${workflow}, recording)).toEqual(course);
});
`;
}

/** JSON is TypeScript, but for a key that would set the prototype. */
function json(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll('"__proto__":', '["__proto__"]:');
}

import type { RunnableWorkflow } from '../../ports/bindings.ts';
import type { UnplayedPath } from './crash-report.ts';
import { labsFor } from './labs.ts';
import { type PathSceneOptions, pathScenes } from './path-scenes.ts';

export interface WalkReport {
  readonly workflow: string;
  readonly version: number;
  /** Paths that were played to their end. */
  readonly played: number;
  /** Runs that went another way than their path. */
  readonly failures: readonly { readonly path: string; readonly message: string }[];
  /** Paths for which no values were found, with what to give. */
  readonly notPlayed: readonly UnplayedPath[];
}

export interface WalkOptions extends PathSceneOptions {
  onProgress?(progress: { readonly path: string; readonly executions: number }): void;
}

/** Plays every path of a workflow once, on a store in memory and a clock that stands still until it is moved. */
export async function walkPaths(
  workflow: RunnableWorkflow,
  { onProgress, ...options }: WalkOptions = {},
): Promise<WalkReport> {
  const { scenes, notPlayed } = await pathScenes(workflow, options);
  const failures: WalkReport['failures'][number][] = [];
  const [lab] = labsFor(['memory'], ['kill']);
  for (const [index, scene] of scenes.entries()) {
    try {
      await lab?.execute(scene, null, () => 0);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      failures.push({ path: scene.name, message });
    }
    onProgress?.({ path: scene.name, executions: index + 1 });
  }
  const { name, version } = workflow;
  const played = scenes.length - failures.length;
  return { workflow: name, version, played, failures, notPlayed };
}

/** The report in lines for people. */
export function walkLines(report: WalkReport): readonly string[] {
  const { workflow, version, played, failures, notPlayed } = report;
  return [
    `${workflow} v${version}: ${played} paths played, ${failures.length} failed, ${notPlayed.length} not played`,
    ...failures.flatMap(({ path, message }) => [
      `  failed: ${path}`,
      ...message.split('\n').map((line) => `    ${line}`),
    ]),
    ...notPlayed.map(({ path, reason }) => `  not played: ${path}: ${reason}`),
  ];
}

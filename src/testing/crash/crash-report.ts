/** What became of all the crashes of a workflow. */

/**
 * How a process is disturbed at a place. `kill`: nothing after the place happens; `power_loss`: besides, everything not synced is lost;
 * `standstill`: it sleeps for longer than its lease, another takes over, then it wakes up; `sigkill`: a real process gets `kill -9`.
 */
export type CrashMode = 'kill' | 'power_loss' | 'standstill' | 'sigkill';
/** Stores on which crashes can be tried. */
export type CrashStore = 'memory' | 'lowdb' | 'sqlite';

/** One crash after which the runs did not end as without it, or something promised was not kept. */
export interface CrashDifference {
  /** Name of the path. */
  readonly path: string;
  readonly store: CrashStore;
  readonly mode: CrashMode;
  /** Where, counted from 1 over the places of the undisturbed execution; `null`: the undisturbed execution itself failed. */
  readonly place: number | null;
  /** Kind of the place: what the process was about to do or had just done. */
  readonly kind: string | null;
  readonly message: string;
}

/** What crashes changed, and how much was tried. */
export interface CrashReport {
  readonly workflow: string;
  readonly version: number;
  /** Stores and modes, as `sqlite` or `sqlite, standstill`. */
  readonly on: readonly string[];
  /** The same seed and sample give the same places again. */
  readonly seed: number;
  readonly paths: number;
  /** Places at which a process could crash, over all paths, stores and modes. */
  readonly places: number;
  /** Times it did. */
  readonly crashes: number;
  /** Crashes by kind of place: `commit.before` and `commit.after`, `run.before` and `run.after` around a task's effect, … */
  readonly byKind: { readonly [kind: string]: number };
  /** Effects that were had once more after a crash, under the same idempotency key: the process died between effect and record. */
  readonly repeatedEffects: number;
  /**
   * Crashes during an attempt that must not be repeated of a run that was being stopped: nobody is asked, the run ends with the same status,
   * and its outcome names the step.
   */
  readonly undecided: number;
  readonly differences: readonly CrashDifference[];
  /** There were so many differences that the rest of the places was left out. */
  readonly isCutShort: boolean;
  /** Kinds of places, as `store: kind`, at which no crash happened although this store and workflow have them. */
  readonly notReached: readonly string[];
  /** Paths for which no values were found, with what to give. */
  readonly notPlayed: readonly UnplayedPath[];
}

export interface UnplayedPath {
  readonly path: string;
  readonly reason: string;
}

/** Whether every crash went unnoticed, and every kind of place had one. */
export function isCrashProof({ differences, notReached, crashes }: CrashReport): boolean {
  return differences.length === 0 && notReached.length === 0 && crashes > 0;
}

/** The report in lines for people. */
export function crashLines(report: CrashReport): readonly string[] {
  const { workflow, version, seed, paths, places, crashes, repeatedEffects, differences } = report;
  const kinds = Object.entries(report.byKind).map(([kind, count]) => `${kind} ${count}`);
  return [
    `${workflow} v${version} on ${report.on.join('; ')}: ${paths} paths, ${places} places, ${crashes} crashes, ${repeatedEffects} effects repeated, ${differences.length} differences (seed ${seed})`,
    `  ${kinds.join(', ')}`,
    ...(report.undecided === 0 ? [] : [`  in doubt when stopped: ${report.undecided}`]),
    ...report.notPlayed.map(({ path, reason }) => `  not played: ${path}: ${reason}`),
    ...report.notReached.map((window) => `  not reached: ${window}`),
    ...differences.flatMap((difference) => differenceLines(difference)),
    ...(report.isCutShort ? [`  cut short after ${differences.length} differences`] : []),
  ];
}

function differenceLines({ path, store, mode, place, kind, message }: CrashDifference): string[] {
  const where = place === null ? 'undisturbed' : `${mode} at place ${place} (${kind})`;
  return [
    `  differs: ${path}; ${store}, ${where}`,
    ...message.split('\n').map((line) => `    ${line}`),
  ];
}

/** @throws Error with the report if it is not crash-proof; a kind of place that was never reached fails like a difference */
export function assertCrashProof(report: CrashReport): void {
  if (!isCrashProof(report)) throw new Error(crashLines(report).join('\n'));
}

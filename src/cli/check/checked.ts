import type { CheckReport } from '../../proof/check/report.ts';

export interface CheckedWorkflow {
  readonly report: CheckReport;
  /** Path of its module, relative to the working directory, with slashes. */
  readonly module: string;
}

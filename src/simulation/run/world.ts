/** What the runs of a simulation share: their workflow made ready once, time, chance, and whoever works. */
import type { CompiledChart } from '../../chart/advance.ts';
import type { Plan } from '../../plan/plan.ts';
import type { PlanIndex } from '../../plan/settle.ts';
import type { Agenda } from '../agenda.ts';
import type { Step } from '../memo.ts';
import type { Model } from '../model.ts';
import type { Pool } from '../pool.ts';

/** A workflow made ready once for all its runs. */
export interface Subject {
  readonly plan: Plan;
  readonly compiled: CompiledChart;
  readonly index: PlanIndex;
  readonly model: Model;
  readonly step: Step;
  /** Says of a condition what it says of the way its sources ended; `undefined`: that depends on the data. */
  condition(id: string, value: unknown): boolean | undefined;
}

export interface World {
  readonly agenda: Agenda;
  readonly random: () => number;
  /** Of a queue of tasks. */
  workers(queue: string): Pool;
  readonly reviewers: Pool;
  /** A child workflow, if it is to be simulated as well. */
  child(workflow: string, version: number): Subject | null;
  /** Told of each thing that counts: attempts, failures, expiries. */
  count(subject: Subject, step: string, what: Counted): void;
}

export type Counted = 'attempt' | 'failure' | 'review' | 'expiry' | 'undo';

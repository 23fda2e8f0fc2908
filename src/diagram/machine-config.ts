import type { Chart } from '../chart/chart.ts';
import { compile } from '../chart/compile.ts';
import { type ChartContext, initialContext } from '../chart/context.ts';
import { layOut } from '../plan/layout.ts';
import type { Plan } from '../plan/plan.ts';

/** What `createMachine` of XState takes, in plain JSON: guards and actions by name. */
export interface MachineConfig extends Chart {
  readonly version: string;
  readonly context: ChartContext;
}

/** The statechart of a plan for Stately Studio and whatever else reads XState's configuration. The same for the same plan. */
export function toMachineConfig(plan: Plan): MachineConfig {
  const { id, ...chart } = compile(plan, layOut(plan));
  return {
    id,
    version: String(plan.version),
    ...(plan.description !== undefined && { description: plan.description }),
    context: initialContext,
    ...chart,
  };
}

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTask, defineWorkflow } from '../../../src/index.ts';
import { parsePlan } from '../../../src/plan/parse.ts';
import { diffPlans } from '../../../src/proof/diff/plans.ts';

const task = (name: string, output: z.ZodType = z.unknown(), retries = 1) =>
  defineTask({
    name,
    input: z.unknown(),
    output,
    compensate: 'none',
    retry: { maxAttempts: retries, backoff: { kind: 'fixed', initial: '1s' } },
    run: async () => null,
  });

interface Parts {
  readonly check?: boolean;
  readonly ship?: string;
  readonly pack?: z.ZodType;
  readonly retries?: number;
  readonly version?: number;
}

function order({
  check = false,
  ship = 'ship',
  pack = z.unknown(),
  retries = 1,
  version = 1,
}: Parts) {
  return defineWorkflow({
    name: 'order',
    version,
    input: z.object({ amount: z.number() }),
    steps(w) {
      const packed = w.task('pack', task('pack', pack, retries), { input: w.input });
      const checked = check ? w.task('check', task('check'), { input: packed }) : packed;
      const approval = w.review('approval', { show: checked });
      return w.task(ship, task('ship'), { input: packed, after: [approval] });
    },
  }).plan;
}

describe('two versions of a workflow', () => {
  it('are the same if only the version differs', () => {
    const diff = diffPlans(order({}), order({ version: 2 }));

    expect(diff).toMatchObject({
      isSame: true,
      steps: { added: [], removed: [], changed: [], renamed: [] },
      schemas: [],
      chart: { states: { added: [], removed: [] }, transitions: { changed: [] } },
    });
  });

  it('a step more: its states are added, and what led past it leads to it', () => {
    const diff = diffPlans(order({}), order({ version: 2, check: true }));

    expect(diff.steps).toEqual({
      added: ['check'],
      removed: [],
      changed: [{ step: 'approval', parts: ['show'] }],
      renamed: [],
    });
    expect(diff.chart.states).toEqual({
      added: ['processing.working.check', 'processing.working.check.running'],
      removed: [],
    });
    expect(diff.chart.transitions.changed).toContainEqual({
      from: 'processing.working.pack.running',
      event: 'pack.completed',
      before: [expect.stringContaining('processing.working.approval')],
      after: [expect.stringContaining('processing.working.check')],
    });
  });

  it('a step renamed is suggested as such, and stands among the added and removed as well', () => {
    const diff = diffPlans(order({}), order({ version: 2, ship: 'deliver' }));

    expect(diff.steps).toMatchObject({
      added: ['deliver'],
      removed: ['ship'],
      renamed: [{ from: 'ship', to: 'deliver' }],
    });
  });

  it('a policy changed names the step and the part', () => {
    const diff = diffPlans(order({}), order({ version: 2, retries: 3 }));

    expect(diff.steps.changed).toEqual([{ step: 'pack', parts: ['call.retry'] }]);
    expect(diff.chart.states.added).toEqual(['processing.working.pack.backing_off']);
  });

  it('schemas are compared from where they are in the workflow', () => {
    const before = order({ pack: z.object({ kind: z.enum(['a', 'b']) }) });
    const after = order({ version: 2, pack: z.object({ kind: z.enum(['a']) }) });

    expect(diffPlans(before, after).schemas).toEqual([
      { of: 'step output', name: 'pack', change: 'narrowed', detail: null },
    ]);
    expect(diffPlans(after, before).schemas).toMatchObject([{ change: 'widened' }]);
  });

  it('plans that were written to a file compare as those in memory do', () => {
    const before = order({});
    const after = order({ version: 2, check: true });
    const read = (plan: unknown) => parsePlan(JSON.parse(JSON.stringify(plan)));

    expect(diffPlans(read(before), read(after))).toEqual(diffPlans(before, after));
  });
});

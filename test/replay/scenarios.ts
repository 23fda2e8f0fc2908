/** Each recorded run: how it is brought to where it stands, and how it must end when it is resumed. */
import type { Orchestrator } from '../../src/index.ts';
import type { RunStatus } from '../../src/plan/plan.ts';

export interface Scenario {
  /** Id of the run. */
  readonly name: string;
  readonly workflow: string;
  readonly input: unknown;
  /** Where it stands when it is recorded. */
  readonly status: RunStatus;
  readonly waitsOn: readonly string[];
  /** It comes to no rest: the process dies as soon as it stands there. */
  readonly isStopped?: boolean;
  /** Done by a later process that knows the newer versions, too. */
  readonly isLater?: boolean;
  /** Beyond starting it. */
  bring?(engine: Orchestrator, runId: string): Promise<void>;
  /** How it ends, resumed. */
  readonly end: { readonly status: RunStatus; readonly output?: unknown };
}

const order = { amount: 5 };
const by = { actor: 'ann' };
const complete = (output: unknown) => ({ status: 'complete' as const, output });

export const scenarios: readonly Scenario[] = [
  {
    name: 'waiting-review',
    workflow: 'reviewed',
    input: { amount: 500, note: 'Füße, 靴 and 👟' },
    status: 'processing',
    waitsOn: ['review'],
    end: complete('order of 500, insure done, ship done'),
  },
  {
    name: 'restless',
    workflow: 'reviewed',
    input: order,
    status: 'processing',
    waitsOn: ['review'],
    // More entries than lie between two stored snapshots.
    async bring(engine, runId) {
      for (let round = 0; round < 33; round += 1) {
        await engine.pause(runId, by);
        await engine.resume(runId, by);
      }
    },
    end: complete('order of 5, not insured, ship done'),
  },
  {
    name: 'paused',
    workflow: 'reviewed',
    input: order,
    status: 'processing',
    waitsOn: ['pause', 'review'],
    bring: (engine, runId) => engine.pause(runId, { ...by, reason: 'stocktaking' }),
    end: complete('order of 5, not insured, ship done'),
  },
  {
    name: 'moved',
    isLater: true,
    workflow: 'reviewed',
    input: order,
    status: 'processing',
    waitsOn: ['review'],
    async bring(engine, runId) {
      const mapping = { steps: { look: 'consent' } };
      await engine.migrate({ workflow: 'reviewed', to: 2, runId, mapping, ...by, reason: 'law 7' });
    },
    end: complete('ship done'),
  },
  {
    name: 'sleeping',
    workflow: 'patient',
    input: order,
    status: 'processing',
    waitsOn: ['timer'],
    end: complete(250),
  },
  {
    name: 'pending',
    workflow: 'patient',
    input: order,
    status: 'pending',
    waitsOn: ['start'],
    end: complete(250),
  },
  {
    name: 'backing-off',
    workflow: 'stubborn',
    input: order,
    status: 'processing',
    waitsOn: ['retry', 'timer'],
    isStopped: true,
    end: complete('call done'),
  },
  {
    name: 'in-map',
    workflow: 'many',
    input: { names: ['a', 'b', 'c'] },
    status: 'processing',
    waitsOn: ['map'],
    isStopped: true,
    end: complete(['sew done', 'sew done', 'sew done']),
  },
  {
    name: 'compensating',
    workflow: 'undone',
    input: order,
    status: 'compensating',
    waitsOn: ['undo'],
    isStopped: true,
    end: { status: 'failed' },
  },
  {
    name: 'failed-kept',
    workflow: 'kept',
    input: order,
    status: 'failed',
    waitsOn: [],
    end: complete('second done'),
  },
  {
    name: 'unsafe-stopped',
    workflow: 'doubtful',
    input: order,
    status: 'processing',
    waitsOn: ['attempt'],
    isStopped: true,
    end: complete('transfer done'),
  },
  {
    name: 'closing',
    workflow: 'closing',
    input: order,
    status: 'waiting_review',
    waitsOn: ['review'],
    end: complete('make done'),
  },
  {
    name: 'parent',
    workflow: 'parent',
    input: order,
    status: 'processing',
    waitsOn: ['child'],
    end: complete('order of 5, not insured, ship done'),
  },
  {
    name: 'complete',
    workflow: 'closing',
    input: order,
    status: 'complete',
    waitsOn: [],
    bring: (engine, runId) => engine.decide(runId, 'completion', { ...by, outcome: 'approved' }),
    end: complete('make done'),
  },
  {
    name: 'cancelled',
    workflow: 'reviewed',
    input: order,
    status: 'cancelled',
    waitsOn: [],
    async bring(engine, runId) {
      await engine.cancel(runId, { ...by, reason: 'no longer wanted' });
      await engine.drive(runId);
    },
    end: { status: 'cancelled' },
  },
];

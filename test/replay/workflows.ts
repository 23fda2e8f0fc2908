/**
 * The workflows of the recorded runs, and how each run is brought to where it is recorded. What has been recorded must be readable for ever: a
 * workflow here is never changed, only new ones are added.
 */
import { z } from 'zod';
import {
  defineEvent,
  defineTask,
  defineWorkflow,
  PermanentError,
  TransientError,
  type WorkflowSource,
} from '../../src/index.ts';

/** While runs are recorded some tasks fail or never end; afterwards all of them succeed. */
export const world = { isRecording: false };

const never = () => new Promise<never>(() => {});

interface TaskParts {
  readonly undo?: 'none' | 'works' | 'hangs';
  readonly unsafe?: boolean;
  readonly fails?: 'transiently' | 'for good' | 'hangs';
}

function task(name: string, { undo = 'none', unsafe = false, fails }: TaskParts = {}) {
  return defineTask({
    name,
    input: z.unknown(),
    output: z.string(),
    repeat: unsafe ? 'unsafe' : 'safe',
    timeout: '1h',
    retry: { maxAttempts: 3, backoff: { kind: 'fixed', initial: '12h' } },
    compensate:
      undo === 'none'
        ? 'none'
        : async () => {
            if (undo === 'hangs' && world.isRecording) await never();
          },
    async run() {
      if (world.isRecording && fails === 'transiently') throw new TransientError('Not today');
      if (world.isRecording && fails === 'for good') throw new PermanentError('Not ever');
      if (world.isRecording && fails === 'hangs') await never();
      return `${name} done`;
    },
  });
}

const Order = z.object({ amount: z.number(), note: z.string().optional() });
export const paid = defineEvent({ name: 'paid', payload: z.object({ cents: z.number() }) });

export const reviewed = defineWorkflow({
  name: 'reviewed',
  version: 1,
  input: Order,
  steps(w) {
    const packed = w.task('pack', task('pack', { undo: 'works' }), { input: w.input });
    const isLarge = w.is(w.input, 'large', ({ amount }) => amount > 100);
    const label = w.derive('label', w.input, ({ amount }) => `order of ${amount}`);
    const look = w.review('look', { show: { packed, label }, expires: '30d' });
    const insured = w.task('insure', task('insure'), { input: label, when: isLarge });
    const shipped = w.task('ship', task('ship'), { input: { packed, look } });
    return w.derive('end', { insured, shipped, label }, ({ insured, shipped, label }) =>
      [label, insured ?? 'not insured', shipped].join(', '),
    );
  },
});

export const reviewedAgain = defineWorkflow({
  name: 'reviewed',
  version: 2,
  input: Order,
  steps(w) {
    const packed = w.task('pack', task('pack', { undo: 'works' }), { input: w.input });
    const label = w.derive('label', w.input, ({ amount }) => `order of ${amount}`);
    const consent = w.review('consent', { show: { packed, label }, expires: '30d' });
    return w.task('ship', task('ship'), { input: { packed, consent } });
  },
});

export const patient = defineWorkflow({
  name: 'patient',
  version: 1,
  input: Order,
  context: { total: { schema: z.number(), initial: 0, reduce: 'sum' } },
  steps(w) {
    w.update(
      'total',
      w.derive('add', w.input, ({ amount }) => amount),
    );
    const rested = w.sleep('rest', { for: '3d' });
    const told = w.waitFor('told', paid, { within: '60d', after: [rested] });
    w.milestone('paid', { after: [told] });
    return w.derive('end', told, ({ cents }) => cents);
  },
});

export const stubborn = defineWorkflow({
  name: 'stubborn',
  version: 1,
  input: Order,
  steps: (w) =>
    w.task('call', task('call', { fails: 'transiently' }), { input: w.input, within: '90d' }),
});

export const many = defineWorkflow({
  name: 'many',
  version: 1,
  input: z.object({ names: z.array(z.string()) }),
  steps: (w) =>
    w.map('each', w.input.$.names, { concurrency: 1 }, (item) =>
      w.task('sew', task('sew', { undo: 'works', fails: 'hangs' }), { input: item }),
    ),
});

export const undone = defineWorkflow({
  name: 'undone',
  version: 1,
  input: Order,
  steps(w) {
    const first = w.task('first', task('first', { undo: 'works' }), { input: w.input });
    const second = w.task('second', task('second', { undo: 'hangs' }), { input: first });
    return w.task('third', task('third', { fails: 'for good' }), { input: second });
  },
});

export const kept = defineWorkflow({
  name: 'kept',
  version: 1,
  input: Order,
  onFailure: 'keep',
  steps(w) {
    const first = w.task('first', task('first'), { input: w.input });
    return w.task('second', task('second', { fails: 'for good' }), { input: first });
  },
});

export const doubtful = defineWorkflow({
  name: 'doubtful',
  version: 1,
  input: Order,
  steps: (w) =>
    w.task('transfer', task('transfer', { unsafe: true, undo: 'works', fails: 'hangs' }), {
      input: w.input,
    }),
});

export const closing = defineWorkflow({
  name: 'closing',
  version: 1,
  input: Order,
  steps(w) {
    const made = w.task('make', task('make'), { input: w.input });
    return w.finish(made, { approve: 'person', expires: '90d' });
  },
});

export const parent = defineWorkflow({
  name: 'parent',
  version: 1,
  input: Order,
  steps: (w) => w.child('part', reviewed, { input: w.input }),
});

/** Those that runs start in. */
export const firstVersions: readonly WorkflowSource[] = [
  reviewed,
  patient,
  stubborn,
  many,
  undone,
  kept,
  doubtful,
  closing,
  parent,
];

export const workflows: readonly WorkflowSource[] = [...firstVersions, reviewedAgain];

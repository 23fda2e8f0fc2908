import { z } from 'zod';
import { defineEvent, defineTask, defineWorkflow } from '../../../src/definition/index.ts';

const Input = z.object({ id: z.string(), amounts: z.array(z.number()), kind: z.enum(['a', 'b']) });

const paid = defineEvent({ name: 'paid', payload: z.object({ id: z.string() }) });

const count = defineTask({
  name: 'count',
  description: 'Counts',
  input: z.number(),
  output: z.number(),
  failures: { none: z.object({ why: z.string() }) },
  retry: { maxAttempts: 3, backoff: { kind: 'fixed', initial: '5s', jitter: 'full' } },
  timeout: '10s',
  heartbeatTimeout: '2s',
  breaker: { name: 'counter', failureThreshold: 2, resetAfter: '1m', whenOpen: 'fail' },
  queue: 'slow',
  priority: 'low',
  repeat: 'unsafe',
  compensate: { run: async () => {}, retry: { maxAttempts: 9 }, timeout: '1s' },
  key: (input) => `count-${input}`,
  remember: '24h',
  run: async ({ input }) => input,
});

const double = defineTask({
  name: 'double',
  input: z.number(),
  output: z.number(),
  breaker: { name: 'counter', failureThreshold: 2, resetAfter: '1m', whenOpen: 'fail' },
  compensate: async () => {},
  run: async ({ input }) => input * 2,
});

const nudge = defineTask({
  name: 'nudge',
  input: z.object({ reviewId: z.string(), round: z.number() }),
  compensate: 'irreversible',
  run: async () => {},
});

const child = defineWorkflow({
  name: 'child',
  version: 1,
  input: z.number(),
  steps: (w) => w.input,
});

/** One node of every kind, most options set. */
export const everyKind = defineWorkflow({
  name: 'every-kind',
  version: 7,
  description: 'All there is',
  owner: 'tests',
  input: Input,
  timeout: '1h',
  startOn: [defineEvent({ name: 'placed', payload: Input })],
  onFailed: defineTask({
    name: 'tell',
    input: z.unknown(),
    compensate: 'irreversible',
    run: async () => {},
  }),
  context: {
    total: { schema: z.number(), initial: 0, reduce: 'sum' },
    last: {
      schema: z.number(),
      initial: 0,
      reduce: { name: 'keep-last', run: (_: number, next: number) => next },
    },
  },
  steps(w) {
    const large = w.is(w.input.$.amounts, 'large', (amounts) => amounts.length > 3, {
      otherwise: 'Small.',
    });
    const sum = w.derive('sum', w.input.$.amounts, (amounts) => amounts.reduce((a, b) => a + b, 0));
    const counted = w.task('count', count, {
      input: sum,
      tolerate: ['none'],
      fallback: count,
      within: '5m',
      expected: '10s',
      protects: ['wait'],
    });
    w.review('look', {
      show: [counted, { sum }],
      assignTo: 'somebody',
      notBy: [w.input.$.id],
      approve: large,
      expires: '24h',
      remind: { every: '1h', run: nudge },
      audience: 'finance',
    });
    w.waitFor('wait', paid, {
      where: { id: w.input.$.id },
      within: '1h',
      onTimeout: 'continue',
      after: [counted],
    });
    w.sleep('nap', { for: 1_000, when: w.not(large) });
    w.emit('tell-paid', paid, { payload: { id: w.input.$.id } });
    const doubled = w.map(
      'each',
      w.input.$.amounts,
      { batch: 2, concurrency: 3, onItemFailure: 'collect' },
      (items, index) => {
        const first = w.derive('first', { items, index }, (value) => value.items[value.index] ?? 0);
        return w.task('inner', double, { input: first });
      },
    );
    w.update('total', sum);
    w.update('last', sum, { when: large });
    w.milestone('half', { after: [doubled] });
    const routed = w.choose('route', w.input, 'kind', {
      a: () => w.child('sub', child, { input: sum }),
      b: () => w.fail('refuse', 'No b'),
    });
    return w.finish(
      { routed, total: w.context.total, run: w.run.$.runId },
      { approve: large, assignTo: 'boss', expires: '2d' },
    );
  },
});

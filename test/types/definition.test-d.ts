import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import {
  defineEvent,
  defineTask,
  defineWorkflow,
  type Failure,
  forwardWorkflow,
  type ItemFailure,
  type MaybeSkipped,
  type Ref,
  type Reviewed,
  type Wire,
  type Workflow,
} from '../../src/definition/index.ts';
import type { Orchestrator } from '../../src/orchestrator.ts';

const Order = z.object({ id: z.string(), amount: z.number(), kind: z.enum(['book', 'toy']) });
type Order = z.infer<typeof Order>;

const charge = defineTask({
  name: 'charge',
  input: z.object({ orderId: z.string(), amount: z.number() }),
  output: z.object({ chargeId: z.string() }),
  failures: { declined: z.object({ reason: z.string() }), limit: z.object({ left: z.number() }) },
  compensate: async ({ input, output }) => {
    expectTypeOf(input).toEqualTypeOf<{ orderId: string; amount: number }>();
    expectTypeOf(output).toEqualTypeOf<{ chargeId: string }>();
  },
  async run({ input, fail, checkpoint }) {
    expectTypeOf(input).toEqualTypeOf<{ orderId: string; amount: number }>();
    if (input.amount > 100) fail('limit', { left: 3 });
    // @ts-expect-error - an undeclared code
    if (input.amount > 200) fail('limits', { left: 3 });
    // @ts-expect-error - the detail of another code
    if (input.amount > 300) fail('declined', { left: 3 });
    const token = await checkpoint('token', async () => 'abc');
    expectTypeOf(token).toEqualTypeOf<string>();
    return { chargeId: 'c-1' };
  },
});
const ship = defineTask({
  name: 'ship',
  input: z.object({ order: Order, charge: z.object({ chargeId: z.string() }) }),
  output: z.object({ status: z.enum(['shipped', 'lost']) }),
  compensate: 'irreversible',
  run: async () => ({ status: 'shipped' }),
});
const notify = defineTask({
  name: 'notify',
  input: z.object({ text: z.string(), chargeId: z.string().optional() }),
  compensate: 'irreversible',
  run: async () => {},
});
const lookUp = defineTask({
  name: 'look-up',
  input: z.object({ id: z.string() }),
  output: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('found'), price: z.number() }),
    z.object({ kind: z.literal('missing'), why: z.string() }),
  ]),
  compensate: 'none',
  run: async () => ({ kind: 'found', price: 1 }),
});
const paid = defineEvent({
  name: 'order.paid',
  payload: z.object({ orderId: z.string(), at: z.string() }),
});

/** Checked, never run. */
const never: boolean = false;

describe('a task', () => {
  it('has to say how it is undone', () => {
    if (never) {
      // @ts-expect-error - compensate is missing
      defineTask({ name: 'x', input: z.string(), run: async () => {} });
    }
  });

  it('refuses misspelt options', () => {
    if (never) {
      defineTask({
        name: 'x',
        input: z.string(),
        compensate: 'none',
        // @ts-expect-error - no such option
        retries: 3,
        run: async () => {},
      });
    }
  });

  it('returns what its output schema accepts', () => {
    if (never) {
      defineTask({
        name: 'x',
        input: z.string(),
        output: z.object({ id: z.string() }),
        compensate: 'none',
        // @ts-expect-error - a number where a string is declared
        run: async () => ({ id: 1 }),
      });
    }
  });

  it('takes durations with a unit', () => {
    if (never) {
      defineTask({
        name: 'x',
        input: z.string(),
        compensate: 'none',
        // @ts-expect-error - no unit
        timeout: '30',
        run: async () => {},
      });
    }
  });
});

describe('wiring', () => {
  it('infers references from end to end', () => {
    const flow = defineWorkflow({
      name: 'order',
      version: 1,
      input: Order,
      steps(w) {
        expectTypeOf(w.input).toEqualTypeOf<Ref<Order>>();
        expectTypeOf(w.run.$.runId).toEqualTypeOf<Ref<string>>();
        const charged = w.task('charge', charge, {
          input: { orderId: w.input.$.id, amount: w.input.$.amount },
        });
        expectTypeOf(charged).toEqualTypeOf<Ref<{ chargeId: string }>>();
        const shipped = w.task('ship', ship, { input: { order: w.input, charge: charged } });
        expectTypeOf(shipped).toEqualTypeOf<Ref<{ status: 'shipped' | 'lost' }>>();
        return shipped;
      },
    });
    expectTypeOf(flow).toEqualTypeOf<Workflow<Order, { status: 'shipped' | 'lost' }>>();
  });

  it('takes constants, and objects and lists that mix them with references', () => {
    const tag = defineTask({
      name: 'tag',
      input: z.object({
        tags: z.array(z.string()),
        meta: z.object({ by: z.string(), n: z.number() }),
      }),
      compensate: 'none',
      run: async () => {},
    });
    defineWorkflow({
      name: 'tagging',
      version: 1,
      input: Order,
      steps: (w) =>
        w.task('tag', tag, {
          input: { tags: ['a', w.input.$.id], meta: { by: w.run.$.runId, n: 1 } },
        }),
    });
  });

  it('refuses at the line of the wiring what does not fit', () => {
    if (never) {
      defineWorkflow({
        name: 'order',
        version: 1,
        input: Order,
        steps(w) {
          const charged = w.task('charge', charge, { input: { orderId: w.input.$.id, amount: 3 } });
          w.task('a', charge, {
            // @ts-expect-error - a string where a number is wanted
            input: { orderId: w.input.$.id, amount: w.input.$.id },
          });
          w.task('b', charge, {
            // @ts-expect-error - a field is missing
            input: { orderId: w.input.$.id },
          });
          w.task('c', ship, {
            // @ts-expect-error - the output of another task
            input: { order: w.input, charge: w.input },
          });
          // @ts-expect-error - a reference instead of options
          w.task('d', charge, charged);
          // @ts-expect-error - no such field
          void w.input.$.amonut;
          // @ts-expect-error - a reference has no fields but `$`
          void w.input.amount;
          return charged;
        },
      });
    }
  });

  it('refuses misspelt options of a step', () => {
    if (never) {
      defineWorkflow({
        name: 'order',
        version: 1,
        input: Order,
        steps(w) {
          const id = w.input.$.id;
          // @ts-expect-error - tolerates
          w.task('a', charge, { input: { orderId: id, amount: 1 }, tolerates: 'any' });
          // @ts-expect-error - expire
          w.review('b', { expire: '24h' });
          // @ts-expect-error - timeout
          w.waitFor('c', paid, { timeout: '5m' });
          // @ts-expect-error - approved
          return w.finish(id, { approved: 'person' });
        },
      });
    }
  });
});

describe('a step with a condition', () => {
  it('may be skipped, and its consumer must allow for that', () => {
    defineWorkflow({
      name: 'order',
      version: 1,
      input: Order,
      steps(w) {
        const isLarge = w.is(w.input.$.amount, 'large', (amount) => {
          expectTypeOf(amount).toEqualTypeOf<number>();
          return amount > 100;
        });
        const charged = w.task('charge', charge, {
          input: { orderId: w.input.$.id, amount: w.input.$.amount },
          when: isLarge,
        });
        expectTypeOf(charged).toEqualTypeOf<Ref<MaybeSkipped<{ chargeId: string }>>>();
        w.task('ship', ship, {
          input: {
            order: w.input,
            // @ts-expect-error - the charge may be skipped
            charge: charged,
          },
        });
        return w.task('notify', notify, { input: { text: 'done', chargeId: charged.$?.chargeId } });
      },
    });
  });

  it('has a certain value inside ifRan', () => {
    defineWorkflow({
      name: 'order',
      version: 1,
      input: Order,
      steps(w) {
        const charged = w.task('charge', charge, {
          input: { orderId: 'o', amount: 1 },
          when: w.is(w.input, 'book', (order) => order.kind === 'book'),
        });
        const shipped = w.ifRan('shipping', charged, (certain) => {
          expectTypeOf(certain).toEqualTypeOf<Ref<{ chargeId: string }>>();
          return w.task('ship', ship, { input: { order: w.input, charge: certain } });
        });
        expectTypeOf(shipped).toEqualTypeOf<Ref<{ status: 'shipped' | 'lost' } | undefined>>();
        return shipped;
      },
    });
  });

  it('takes guards, and nothing else, as a condition', () => {
    if (never) {
      defineWorkflow({
        name: 'order',
        version: 1,
        input: Order,
        steps(w) {
          // @ts-expect-error - a predicate that is a promise
          w.is(w.input, 'x', async () => true);
          // @ts-expect-error - a boolean, which is decided too early
          return w.task('a', notify, { input: { text: '' }, when: true });
        },
      });
    }
  });
});

describe('branches', () => {
  it('yield what they return', () => {
    defineWorkflow({
      name: 'order',
      version: 1,
      input: Order,
      steps(w) {
        const isLarge = w.is(w.input.$.amount, 'large', (amount) => amount > 100);
        const both = w.when(
          'route',
          isLarge,
          () => w.task('look-up', lookUp, { input: { id: w.input.$.id } }),
          () => w.input.$.amount,
        );
        expectTypeOf(both).toEqualTypeOf<
          Ref<number | { kind: 'found'; price: number } | { kind: 'missing'; why: string }>
        >();
        const one = w.when('other', isLarge, () => w.input.$.id);
        expectTypeOf(one).toEqualTypeOf<Ref<string | undefined>>();
        const failing = w.when(
          'third',
          isLarge,
          () => w.input.$.id,
          () => w.fail('stop', 'Too small'),
        );
        expectTypeOf(failing).toEqualTypeOf<Ref<string>>();
        return both;
      },
    });
  });

  it('of a choice narrow the value and cover every case', () => {
    defineWorkflow({
      name: 'order',
      version: 1,
      input: Order,
      steps(w) {
        const found = w.task('look-up', lookUp, { input: { id: w.input.$.id } });
        const chosen = w.choose('by-kind', found, 'kind', {
          found: (value) => {
            expectTypeOf(value).toEqualTypeOf<Ref<{ kind: 'found'; price: number }>>();
            return value.$.price;
          },
          missing: (value) => value.$.why,
        });
        expectTypeOf(chosen).toEqualTypeOf<Ref<string | number>>();
        const open = w.choose(
          'by-id',
          w.input,
          'id',
          { vip: () => w.input.$.id },
          () => w.input.$.amount,
        );
        expectTypeOf(open).toEqualTypeOf<Ref<string | number>>();
        return chosen;
      },
    });
  });

  it('are refused when one is missing, misspelt or has no default', () => {
    if (never) {
      defineWorkflow({
        name: 'order',
        version: 1,
        input: Order,
        steps(w) {
          const found = w.task('look-up', lookUp, { input: { id: 'x' } });
          // @ts-expect-error - `missing` is misspelt
          w.choose('a', found, 'kind', { found: () => {}, mising: () => {} });
          // @ts-expect-error - `missing` is missing
          w.choose('b', found, 'kind', { found: () => {} });
          // @ts-expect-error - an open field needs a branch for all others
          w.choose('c', w.input, 'id', { vip: () => {} });
          const maybe = w.task('d', lookUp, {
            input: { id: 'x' },
            when: w.is(w.input, 'y', () => true),
          });
          // @ts-expect-error - may be skipped
          w.choose('e', maybe, 'kind', { found: () => {}, missing: () => {} });
          return found;
        },
      });
    }
  });
});

describe('tolerated failures', () => {
  it('are data, by name or all of them', () => {
    defineWorkflow({
      name: 'order',
      version: 1,
      input: Order,
      steps(w) {
        const input = { orderId: w.input.$.id, amount: w.input.$.amount };
        const one = w.task('one', charge, { input, tolerate: ['limit'] });
        expectTypeOf(one).toEqualTypeOf<
          Ref<
            | { status: 'complete'; value: { chargeId: string } }
            | { status: 'limit'; detail: { left: number } }
          >
        >();
        const all = w.task('all', charge, { input, tolerate: 'any' });
        expectTypeOf(all).toEqualTypeOf<
          Ref<
            | { status: 'complete'; value: { chargeId: string } }
            | { status: 'failed'; failure: Failure }
          >
        >();
        const child = w.child(
          'child',
          forwardWorkflow<string, number>({ name: 'c', version: 1, workflow: () => other }),
          {
            input: w.input.$.id,
            tolerate: 'any',
          },
        );
        expectTypeOf(child).toEqualTypeOf<
          Ref<
            | { status: 'complete'; value: number }
            | {
                status: 'failed';
                failure: Failure;
                compensation: 'complete' | 'partial' | 'impossible' | 'nothing';
              }
          >
        >();
        return one;
      },
    });
  });

  it('must be declared by the task', () => {
    if (never) {
      defineWorkflow({
        name: 'order',
        version: 1,
        input: Order,
        steps(w) {
          // @ts-expect-error - misspelt
          w.task('a', charge, { input: { orderId: '', amount: 1 }, tolerate: ['limits'] });
          // @ts-expect-error - the task declares none
          return w.task('b', lookUp, { input: { id: '' }, tolerate: ['limit'] });
        },
      });
    }
  });

  it('may have a fallback of the same input', () => {
    defineWorkflow({
      name: 'order',
      version: 1,
      input: Order,
      steps(w) {
        const byHand = defineTask({
          name: 'by-hand',
          input: z.object({ orderId: z.string() }),
          output: z.object({ note: z.string() }),
          compensate: 'none',
          run: async () => ({ note: '' }),
        });
        const done = w.task('charge', charge, {
          input: { orderId: 'a', amount: 1 },
          fallback: byHand,
        });
        expectTypeOf(done).toEqualTypeOf<Ref<{ chargeId: string } | { note: string }>>();
        if (never) {
          // @ts-expect-error - a fallback that wants more
          w.task('x', lookUp, { input: { id: '' }, fallback: charge });
        }
        return done;
      },
    });
  });
});

declare const other: Workflow<string, number>;

describe('reviews, events, sleep and maps', () => {
  it('yield what they have', () => {
    defineWorkflow({
      name: 'order',
      version: 1,
      input: Order,
      startOn: [defineEvent({ name: 'order.placed', payload: Order })],
      steps(w) {
        const review = w.review('approval', { form: z.object({ reason: z.string() }) });
        expectTypeOf(review).toEqualTypeOf<Ref<Reviewed<{ reason: string }>>>();
        const plain = w.review('look');
        expectTypeOf(plain.$.outcome).toExtend<Ref<'approved' | 'rejected' | 'expired'>>();
        const event = w.waitFor('paid', paid, { where: { orderId: w.input.$.id } });
        expectTypeOf(event).toEqualTypeOf<Ref<{ orderId: string; at: string }>>();
        const late = w.waitFor('late', paid, { within: '5m', onTimeout: 'continue' });
        expectTypeOf(late).toEqualTypeOf<
          Ref<
            { status: 'received'; value: { orderId: string; at: string } } | { status: 'timed_out' }
          >
        >();
        expectTypeOf(w.sleep('nap', { for: '5m' })).toEqualTypeOf<Ref<undefined>>();
        w.emit('tell', paid, { payload: { orderId: w.input.$.id, at: 'now' } });
        return review;
      },
    });
  });

  it('of a map follow item, batch and policy', () => {
    defineWorkflow({
      name: 'orders',
      version: 1,
      input: z.object({ orders: z.array(Order) }),
      steps(w) {
        const plain = w.map('each', w.input.$.orders, { concurrency: 4 }, (order, index) => {
          expectTypeOf(order).toEqualTypeOf<Ref<Order>>();
          expectTypeOf(index).toEqualTypeOf<Ref<number>>();
          return w.task('charge', charge, {
            input: { orderId: order.$.id, amount: order.$.amount },
          });
        });
        expectTypeOf(plain).toEqualTypeOf<Ref<{ chargeId: string }[]>>();
        const batched = w.map('batches', w.input.$.orders, { batch: 10 }, (orders) => {
          expectTypeOf(orders).toEqualTypeOf<Ref<Order[]>>();
        });
        expectTypeOf(batched).toEqualTypeOf<Ref<undefined[]>>();
        const collected = w.map(
          'collected',
          w.input.$.orders,
          { onItemFailure: 'collect' },
          (order) => order.$.id,
        );

        expectTypeOf(collected.$.failed).toEqualTypeOf<Ref<ItemFailure<Order>[]>>();
        return plain;
      },
    });
  });

  it('are wired into schemas of lists and of plain JSON', () => {
    const sum = defineTask({
      name: 'sum',
      input: z.object({ ids: z.array(z.string()), failed: z.array(z.json()), run: z.json() }),
      compensate: 'none',
      run: async () => {},
    });
    defineWorkflow({
      name: 'orders',
      version: 1,
      input: z.object({ orders: z.array(Order) }),
      onFailed: defineTask({
        name: 'tell',
        input: z.looseObject({ completedSteps: z.array(z.string()) }),
        compensate: 'irreversible',
        run: async () => {},
      }),
      steps(w) {
        const ids = w.map('ids', w.input.$.orders, {}, (order) => order.$.id);
        const all = w.map(
          'all',
          w.input.$.orders,
          { onItemFailure: 'collect' },
          (order) => order.$.id,
        );
        return w.task('sum', sum, { input: { ids, failed: all.$.failed, run: w.run } });
      },
    });
  });

  it('start only on events that fit the input', () => {
    if (never) {
      defineWorkflow({
        name: 'order',
        version: 1,
        input: Order,
        // @ts-expect-error - another payload
        startOn: [paid],
        steps: (w) => w.input,
      });
    }
  });
});

describe('the run context', () => {
  it('is read as references and written by kind of reduction', () => {
    defineWorkflow({
      name: 'counting',
      version: 1,
      input: Order,
      context: {
        processed: { schema: z.number(), initial: 0, reduce: 'sum' },
        log: { schema: z.array(z.object({ text: z.string() })), initial: [], reduce: 'append' },
        state: {
          schema: z.object({ a: z.string(), b: z.number() }),
          initial: { a: '', b: 0 },
          reduce: 'merge',
        },
        seen: {
          schema: z.array(z.string()),
          initial: [],
          reduce: {
            name: 'add-once',
            run: (current: string[], next: string) => [...new Set([...current, next])],
          },
        },
      },
      steps(w) {
        expectTypeOf(w.context.processed).toEqualTypeOf<Ref<number>>();
        expectTypeOf(w.context.log).toEqualTypeOf<Ref<{ text: string }[]>>();
        w.update('processed', w.input.$.amount);
        w.update('log', { text: w.input.$.id });
        w.update('state', { b: 3 });
        w.update('seen', w.input.$.id);
        if (never) {
          // @ts-expect-error - a text where a number is counted
          w.update('processed', w.input.$.id);
          // @ts-expect-error - the whole list instead of one element
          w.update('log', w.context.log);
          // @ts-expect-error - no such key
          w.update('procesed', 1);
          // @ts-expect-error - no such key
          void w.context.procesed;
        }
        return w.context.processed;
      },
    });
  });

  it('starts with what its schema accepts', () => {
    if (never) {
      defineWorkflow({
        name: 'counting',
        version: 1,
        input: Order,
        // @ts-expect-error - a text where the schema has a number
        context: { processed: { schema: z.number(), initial: 'x', reduce: 'sum' } },
        steps: (w) => w.input,
      });
      defineWorkflow({
        name: 'counting',
        version: 1,
        input: Order,
        // @ts-expect-error - an unknown reduction
        context: { processed: { schema: z.number(), initial: 0, reduce: 'plus' } },
        steps: (w) => w.input,
      });
    }
  });
});

describe('the result of a workflow', () => {
  it('is what it finishes with', () => {
    const flow = defineWorkflow({
      name: 'order',
      version: 1,
      input: Order,
      steps(w) {
        const small = w.is(w.input.$.amount, 'small', (amount) => amount < 1000);
        return w.finish({ total: w.input.$.amount, kind: 'order' }, { approve: small });
      },
    });
    expectTypeOf(flow).toEqualTypeOf<Workflow<Order, { total: number; kind: 'order' }>>();
  });

  it('must be a reference or a finish', () => {
    if (never) {
      defineWorkflow({
        name: 'order',
        version: 1,
        input: Order,
        // @ts-expect-error - nothing
        steps: () => {},
      });
      defineWorkflow({
        name: 'order',
        version: 1,
        input: Order,
        // @ts-expect-error - a promise
        steps: async (w) => w.input,
      });
    }
  });

  it('follows the input and output of a child', () => {
    const child = defineWorkflow({
      name: 'child',
      version: 1,
      input: Order,
      steps: (w) => w.input.$.amount,
    });
    defineWorkflow({
      name: 'parent',
      version: 1,
      input: Order,
      steps(w) {
        const amount = w.child('child', child, { input: w.input });
        expectTypeOf(amount).toEqualTypeOf<Ref<number>>();
        if (never) {
          // @ts-expect-error - another input
          w.child('other', child, { input: { id: 'x' } });
        }
        return amount;
      },
    });
  });

  it('of a workflow that calls itself is written out', () => {
    const tree: Workflow<{ depth: number }, number> = defineWorkflow({
      name: 'tree',
      version: 1,
      input: z.object({ depth: z.number() }),
      steps: (w) =>
        w.child(
          'below',
          forwardWorkflow<{ depth: number }, number>({
            name: 'tree',
            version: 1,
            workflow: () => tree,
          }),
          {
            input: w.input,
          },
        ),
    });
  });
});

describe('values of transforming schemas', () => {
  it('are the input outside and the output inside', () => {
    const at = z.codec(z.iso.datetime(), z.date(), {
      decode: (text) => new Date(text),
      encode: (date) => date.toISOString(),
    });
    const schedule = defineTask({
      name: 'schedule',
      input: z.object({ days: z.string().transform(Number), note: z.string().default('') }),
      output: z.object({ at }),
      compensate: 'none',
      run: async ({ input }) => {
        expectTypeOf(input).toEqualTypeOf<{ days: number; note: string }>();
        return { at: '2026-01-01T00:00:00.000Z' };
      },
    });
    defineWorkflow({
      name: 'scheduling',
      version: 1,
      input: z.object({ days: z.string() }),
      steps(w) {
        const scheduled = w.task('schedule', schedule, { input: { days: w.input.$.days } });
        expectTypeOf(scheduled.$.at).toEqualTypeOf<Ref<Date>>();
        return scheduled;
      },
    });
  });

  it('may be wired whatever their type, also a recursive one', () => {
    const keep = defineTask({
      name: 'keep',
      input: z.object({ data: z.json() }),
      compensate: 'none',
      run: async () => {},
    });
    defineWorkflow({
      name: 'keeping',
      version: 1,
      input: Order,
      steps: (w) =>
        w.task('keep', keep, { input: { data: { order: w.input, list: [1, w.input.$.id] } } }),
    });
    expectTypeOf<Ref<{ a: number }>>().toExtend<Wire<{ a: number; b?: string }>>();
  });
});

describe('the result of a run', () => {
  it('is null where the step it comes from may be skipped', () => {
    const shipping = defineWorkflow({
      name: 'shipping',
      version: 1,
      input: Order,
      steps(w) {
        const charged = w.task('charge', charge, {
          input: { orderId: w.input.$.id, amount: w.input.$.amount },
        });
        const isBook = w.is(w.input, 'a book', ({ kind }) => kind === 'book');
        return w.task('ship', ship, { input: { order: w.input, charge: charged }, when: isBook });
      },
    });
    const result = async (orchestrator: Orchestrator, order: Order) =>
      (await orchestrator.start(shipping, order)).result();
    expectTypeOf(result).returns.resolves.toEqualTypeOf<{ status: 'shipped' | 'lost' } | null>();
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { callerIn } from '../../src/definition/code-place.ts';
import {
  defineEvent,
  defineTask,
  defineWorkflow,
  forwardWorkflow,
  type Workflow,
} from '../../src/definition/index.ts';
import { parsePlan } from '../../src/plan/parse.ts';
import { echo, flow, mistake, node, Order, planOf, untypedFlow } from './support/fixtures.ts';
import { incidentResponse } from './support/incident-response.ts';

const ref = (of: string, ...path: (string | number)[]) => ({ kind: 'ref', of, path });

describe('the incident-response workflow', () => {
  const { plan, bindings } = incidentResponse;

  it('has a node for every step and condition, in order of declaration', () => {
    expect(plan.nodes.map(({ id, kind }) => `${kind} ${id}`)).toEqual([
      'task ingest',
      'task enrich',
      'task diagnosis',
      'review approval',
      'predicate ?approved',
      'task automated_fix',
      'task escalate',
      'task report',
    ]);
  });

  it('wires by reference', () => {
    expect(node(plan, 'ingest', 'task').input).toEqual(ref('$input'));
    expect(node(plan, 'report', 'task').input).toEqual({
      kind: 'object',
      entries: [
        ['fix', ref('automated_fix')],
        ['ticket', ref('escalate')],
      ],
    });
    expect(plan.output).toEqual(ref('report'));
  });

  it('keeps label and reason of its conditions', () => {
    expect(node(plan, 'automated_fix', 'task').gates).toEqual([
      {
        condition: { fact: '?approved' },
        label: 'approved',
        otherwise: 'Action was not approved.',
      },
    ]);
    expect(node(plan, 'escalate', 'task').gates).toEqual([
      {
        condition: { not: { fact: '?approved' } },
        label: 'not approved',
        otherwise: 'Escalation not required.',
      },
    ]);
  });

  it('keeps the policies of its tasks in milliseconds', () => {
    const { call } = node(plan, 'diagnosis', 'task');

    expect(call.retry).toEqual({
      maxAttempts: 5,
      backoff: { kind: 'exponential', initialMs: 1_000, factor: 2, maxMs: 60_000, jitter: 'full' },
    });
    expect(call).toMatchObject({
      timeoutMs: 30_000,
      breaker: {
        name: 'diagnosis-model',
        failureThreshold: 3,
        resetAfterMs: 60_000,
        whenOpen: 'wait',
      },
      queue: 'default',
      repeat: 'safe',
      compensate: 'none',
    });
    expect(node(plan, 'automated_fix', 'task').call).toMatchObject({
      compensate: 'handler',
      undo: { retry: { maxAttempts: 1 } },
    });
  });

  it('passes its closing review by itself when a plain reference is returned', () => {
    expect(plan.finish).toEqual({ approve: { by: 'automatic' }, requesterMayDecide: true });
  });

  it('is plain JSON, frozen, and read back as it was', () => {
    expect(parsePlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
    expect(Object.isFrozen(plan.nodes[0])).toBe(true);
  });

  it('binds every function the plan names', async () => {
    expect([...bindings.tasks.keys()]).toEqual([
      'ingest',
      'enrich',
      'diagnose',
      'apply-fix',
      'page-engineer',
      'write-report',
    ]);
    expect(bindings.predicates.get('?approved')?.({ outcome: 'approved' })).toBe(true);
    expect(bindings.forms.get('approval')?.parse({ reason: 'ok' })).toMatchObject({ ok: true });
    expect(bindings.forms.get('approval')?.parse({ reason: 'ok', extra: 1 })).toMatchObject({
      ok: false,
    });
    await expect(bindings.tasks.get('ingest')?.run({ input: 'x' } as never)).resolves.toBe('x');
    expect(bindings.tasks.get('ingest')?.undo).toBeNull();
    expect(bindings.tasks.get('apply-fix')?.undo).toBeTypeOf('function');
  });
});

describe('a workflow', () => {
  it('has stated defaults', () => {
    expect(planOf((w) => w.input)).toMatchObject({
      format: 1,
      name: 'order',
      version: 1,
      onFailure: 'compensate',
      stopping: 'drain',
      abortGraceMs: 10_000,
      durability: 'durable',
      startOn: [],
      context: {},
    });
  });

  it('keeps every option in the plan', () => {
    const placed = defineEvent({ name: 'order.placed', payload: Order });
    const tell = defineTask({
      name: 'tell',
      input: z.unknown(),
      compensate: 'irreversible',
      run: async () => {},
    });

    const { plan, bindings } = flow((w) => w.input, {
      description: 'Sells',
      owner: 'shop',
      timeout: '2h',
      onFailure: 'keep',
      stopping: 'abort',
      abortGrace: '1m',
      durability: 'fast',
      startOn: [placed],
      onFailed: tell,
    });

    expect(plan).toMatchObject({
      description: 'Sells',
      owner: 'shop',
      timeoutMs: 7_200_000,
      onFailure: 'keep',
      stopping: 'abort',
      abortGraceMs: 60_000,
      durability: 'fast',
      startOn: ['order.placed'],
      onFailed: { task: 'tell', compensate: 'irreversible' },
    });
    expect(bindings.events.has('order.placed')).toBe(true);
    expect(bindings.tasks.has('tell')).toBe(true);
  });

  it('H-04: may have no step at all: it passes its closing review and completes with its input', () => {
    const plan = planOf((w) => w.finish(w.input.$.id, { approve: 'person', expires: '24h' }));

    expect(plan.nodes).toEqual([]);
    expect(plan.output).toEqual(ref('$input', 'id'));
    expect(plan.finish).toEqual({
      approve: { by: 'person' },
      expiresMs: 86_400_000,
      requesterMayDecide: true,
    });
  });

  it('may be asked for by a person unless a condition holds', () => {
    const plan = planOf((w) =>
      w.finish(
        { total: w.input.$.amount },
        {
          approve: w.is(w.input.$.amount, 'small', (amount) => amount < 1000),
          assignTo: 'finance',
          requesterMayDecide: false,
        },
      ),
    );

    expect(plan.finish).toEqual({
      approve: { by: 'guard', condition: { fact: '?small' }, label: 'small' },
      assignTo: { kind: 'literal', value: 'finance' },
      requesterMayDecide: false,
    });
  });
});

describe('steps', () => {
  it('of a task take all their options', () => {
    const backup = defineTask({
      name: 'backup',
      input: z.string(),
      output: z.string(),
      compensate: 'none',
      run: async () => '',
    });
    const failing = defineTask({
      name: 'failing',
      description: 'Of the task',
      owner: 'team',
      input: z.string(),
      output: z.string(),
      failures: { full: z.object({ left: z.number() }) },
      compensate: 'none',
      run: async () => '',
    });

    const plan = planOf((w) => {
      const first = w.task('first', echo, { input: 'x' });
      return (
        w.task('a', failing, {
          input: w.input.$.id,
          after: [first, 'late'],
          fallback: backup,
          tolerate: ['full'],
          within: '5m',
          queue: 'slow',
          priority: 'low',
          expected: '10s',
          description: 'Of the step',
          protects: ['late'],
        }) && w.task('late', echo, { input: 'y' })
      );
    });

    expect(node(plan, 'a', 'task')).toMatchObject({
      after: ['first', 'late'],
      description: 'Of the step',
      owner: 'team',
      call: { task: 'failing', queue: 'slow', priority: 'low', failures: { full: {} } },
      fallback: { task: 'backup', queue: 'slow' },
      tolerate: ['full'],
      withinMs: 300_000,
      expectedMs: 10_000,
      protects: ['late'],
    });
  });

  it('of a review have defaults, and take all their options', () => {
    const nudge = defineTask({
      name: 'nudge',
      input: z.object({ reviewId: z.string(), round: z.number() }),
      compensate: 'irreversible',
      run: async () => {},
    });

    const plan = planOf((w) => {
      w.review('plain');
      return w.review('full', {
        form: z.strictObject({ reason: z.string() }),
        show: { id: w.input.$.id },
        assignTo: ['a', 'b'],
        notBy: [w.input.$.id],
        requesterMayDecide: false,
        approve: 'automatic',
        expires: '1d',
        onExpired: 'fail',
        onRejected: 'fail',
        remind: { every: '4h', run: nudge },
        audience: 'finance',
      });
    });

    expect(node(plan, 'plain', 'review')).toEqual({
      id: 'plain',
      kind: 'review',
      after: [],
      gates: [],
      form: { type: 'object', properties: {}, additionalProperties: false },
      notBy: [],
      requesterMayDecide: true,
      approve: { by: 'person' },
      onExpired: 'reject',
      onRejected: 'continue',
    });
    expect(node(plan, 'full', 'review')).toMatchObject({
      requesterMayDecide: false,
      notBy: [ref('$input', 'id')],
      approve: { by: 'automatic' },
      expiresMs: 86_400_000,
      onExpired: 'fail',
      onRejected: 'fail',
      remind: { everyMs: 14_400_000, call: { task: 'nudge' } },
      audience: 'finance',
    });
  });

  it('of waits, sleeps, emits, fails, milestones and children have their nodes', () => {
    const paid = defineEvent({ name: 'order.paid', payload: z.object({ orderId: z.string() }) });
    const child = defineWorkflow({
      name: 'child',
      version: 3,
      input: z.string(),
      steps: (w) => w.input,
    });

    const { plan, bindings } = flow((w) => {
      const event = w.waitFor('paid', paid, {
        where: { orderId: w.input.$.id },
        within: '1h',
        onTimeout: 'continue',
        early: 'reject',
      });
      w.sleep('nap', { for: '5m', after: [event] });
      w.emit('tell', paid, { payload: { orderId: w.input.$.id } });
      w.fail('refuse', 'Not paid', {
        when: w.is(event, 'late', (settled) => settled.status === 'timed_out'),
      });
      w.milestone('shipped', { after: [event] });
      return w.child('sub', child, { input: w.input.$.id, tolerate: 'any' });
    });

    expect(node(plan, 'paid', 'wait')).toMatchObject({
      event: 'order.paid',
      where: [['orderId', ref('$input', 'id')]],
      withinMs: 3_600_000,
      onTimeout: 'continue',
      early: 'reject',
    });
    expect(node(plan, 'nap', 'sleep')).toMatchObject({
      for: { kind: 'literal', value: '5m' },
      after: ['paid'],
    });
    expect(node(plan, 'tell', 'emit')).toMatchObject({ event: 'order.paid' });
    expect(node(plan, 'refuse', 'fail')).toMatchObject({
      message: 'Not paid',
      gates: [{ label: 'late' }],
    });
    expect(node(plan, 'shipped.reached', 'milestone')).toMatchObject({
      name: 'shipped',
      after: ['paid'],
    });
    expect(node(plan, 'sub', 'child')).toMatchObject({
      workflow: 'child',
      version: 3,
      tolerate: 'any',
    });
    expect(bindings.children.get('child')).toBe(child);
    expect(bindings.events.has('order.paid')).toBe(true);
  });

  it('of a map keep their body to themselves', () => {
    const plan = planOf((w) => {
      const config = w.derive('config', w.input, (order) => order.kind);
      const items = w.derive('items', w.input, (order) => [order.id]);
      return w.map(
        'each',
        items,
        { concurrency: 4, batch: 2, onItemFailure: 'collect' },
        (item, index) => {
          const joined = w.derive(
            'joined',
            { item, index, config },
            (value) => `${value.item.join()}${value.index}${value.config}`,
          );
          return w.task('inner', echo, { input: joined });
        },
      );
    });

    const map = node(plan, 'each', 'map');
    expect(map).toMatchObject({
      concurrency: 4,
      batch: 2,
      onItemFailure: 'collect',
      items: ref('items'),
      yields: ref('inner'),
    });
    expect(map.body.map((each) => each.id)).toEqual(['joined', 'inner']);
    expect(plan.nodes.map((each) => each.id)).toEqual(['config', 'items', 'each']);
  });

  it('called toString work', () => {
    const plan = planOf((w) => w.task('toString', echo, { input: w.input.$.id }));

    expect(plan.output).toEqual(ref('toString'));
  });
});

describe('branches', () => {
  it('put their condition before those of their steps', () => {
    const plan = planOf((w) => {
      const large = w.is(w.input.$.amount, 'large', (amount) => amount > 10, {
        otherwise: 'Too small.',
      });
      return w.when(
        'route',
        large,
        () => {
          const toy = w.is(w.input.$.kind, 'toy', (kind) => kind === 'toy');
          w.task('inner', echo, { input: w.input.$.id, when: toy });
          return w.task('first', echo, { input: w.input.$.id });
        },
        () => w.task('second', echo, { input: w.input.$.id }),
      );
    });

    const then = {
      condition: { choice: 'route', is: 'then' },
      label: 'large',
      otherwise: 'Too small.',
    };
    expect(node(plan, 'route', 'choice').by).toEqual({
      conditions: [['then', { fact: '?large' }, 'large']],
      otherwise: 'otherwise',
    });
    expect(node(plan, '?toy', 'predicate').gates).toEqual([then]);
    expect(node(plan, 'inner', 'task').gates).toEqual([
      then,
      { condition: { fact: '?toy' }, label: 'toy' },
    ]);
    expect(node(plan, 'second', 'task').gates).toEqual([
      { condition: { choice: 'route', is: 'otherwise' }, label: 'not large' },
    ]);
    expect(node(plan, 'route.merged', 'merge')).toMatchObject({
      choice: 'route',
      cases: [
        ['then', ref('first')],
        ['otherwise', ref('second')],
      ],
      members: ['?toy', 'inner', 'first', 'second'],
    });
    expect(plan.output).toEqual(ref('route.merged'));
  });

  it('nest, and belong to all branches around them', () => {
    const plan = planOf((w) => {
      const large = w.is(w.input.$.amount, 'large', (amount) => amount > 10);
      return w.when('outer', large, () =>
        w.choose('inner', w.input, 'kind', {
          book: () => w.task('a', echo, { input: 'a' }),
          toy: () => {},
        }),
      );
    });

    expect(node(plan, 'a', 'task').gates.map((gate) => gate.condition)).toEqual([
      { choice: 'outer', is: 'then' },
      { choice: 'inner', is: 'book' },
    ]);
    expect(node(plan, 'inner', 'choice').by).toEqual({
      field: ref('$input', 'kind'),
      cases: ['book', 'toy'],
    });
    expect(node(plan, 'inner.merged', 'merge').cases).toEqual([
      ['book', ref('a')],
      ['toy', { kind: 'absent' }],
    ]);
    expect(node(plan, 'outer.merged', 'merge').members).toEqual(['inner', 'a', 'inner.merged']);
  });

  it('for all other values get a name of their own', () => {
    const plan = planOf((w) =>
      w.choose('by-id', w.input, 'id', { otherwise: () => w.input.$.id }, () => w.input.$.note),
    );

    expect(node(plan, 'by-id', 'choice').by).toMatchObject({
      cases: ['otherwise'],
      otherwise: 'otherwise_',
    });
  });

  it('of ifRan are taken when the step has run', () => {
    const plan = planOf((w) => {
      const maybe = w.task('maybe', echo, { input: 'x', when: w.is(w.input, 'p', () => true) });
      return w.ifRan('follow', maybe, (value) => w.task('next', echo, { input: value }));
    });

    expect(node(plan, 'follow', 'choice').by).toEqual({
      conditions: [['ran', { ran: 'maybe' }, 'maybe ran']],
      otherwise: 'skipped',
    });
    expect(node(plan, 'next', 'task').gates[0]?.otherwise).toBe('Step "maybe" did not run.');
  });

  it('of ifRan over a choice are taken when the branch taken has yielded something', () => {
    const plan = planOf((w) => {
      const large = w.is(w.input.$.amount, 'large', (amount) => amount > 10);
      const one = w.when('one', large, () => w.task('a', echo, { input: 'x' }));
      return w.ifRan('follow', one, (value) => w.task('next', echo, { input: value }));
    });

    expect(node(plan, 'follow', 'choice').by).toMatchObject({
      conditions: [['ran', { all: [{ choice: 'one', is: 'then' }, { ran: 'a' }] }, 'one ran']],
    });
  });
});

describe('a sequence', () => {
  it('runs its steps in order of declaration, also through branches', () => {
    const plan = planOf((w) => {
      const large = w.is(w.input.$.amount, 'large', (amount) => amount > 10);
      w.sequence(() => {
        w.task('a', echo, { input: '1' });
        w.derive('d', w.input, (order) => order.id);
        w.when(
          'route',
          large,
          () => {
            w.task('b', echo, { input: '2' });
            w.task('c', echo, { input: '3' });
          },
          () => w.task('e', echo, { input: '4' }),
        );
        w.task('f', echo, { input: '5' });
      });
      w.task('free', echo, { input: '6' });
      return w.input;
    });

    const after = Object.fromEntries(plan.nodes.map((each) => [each.id, each.after]));
    expect(after).toMatchObject({
      a: [],
      d: [],
      route: ['a'],
      b: ['route'],
      c: ['b'],
      e: ['route'],
      'route.merged': [],
      f: ['route.merged'],
      free: [],
    });
  });

  it('yields what its function returns', () => {
    const plan = planOf((w) => w.sequence(() => w.task('a', echo, { input: '1' })));

    expect(plan.output).toEqual(ref('a'));
  });
});

describe('sequences inside sequences', () => {
  it('go on where the outer one stands', () => {
    const plan = planOf((w) =>
      w.sequence(() => {
        w.task('a', echo, { input: '1' });
        w.sequence(() => w.task('b', echo, { input: '2' }));
        w.sequence(() => {});
        return w.task('c', echo, { input: '3' });
      }),
    );

    expect(plan.nodes.map(({ id, after }) => [id, ...after])).toEqual([
      ['a'],
      ['b', 'a'],
      ['c', 'b'],
    ]);
  });
});

describe('conditions', () => {
  it('are combined by name', () => {
    const plan = planOf((w) => {
      const a = w.is(w.input, 'a', () => true);
      const b = w.is(w.input, 'b', () => true);
      w.task('all', echo, { input: '', when: w.all(a, w.not(b)) });
      w.task('any', echo, { input: '', when: w.not(w.any(a, b), { otherwise: 'One of them.' }) });
      w.task('one', echo, { input: '', when: w.all(a) });
      return w.input;
    });

    expect(node(plan, 'all', 'task').gates).toEqual([
      { condition: { all: [{ fact: '?a' }, { not: { fact: '?b' } }] }, label: 'a and not b' },
    ]);
    expect(node(plan, 'any', 'task').gates).toEqual([
      {
        condition: { not: { any: [{ fact: '?a' }, { fact: '?b' }] } },
        label: 'not (a or b)',
        otherwise: 'One of them.',
      },
    ]);
    expect(node(plan, 'one', 'task').gates[0]?.label).toBe('a');
  });

  it('may be asked for twice if they are the same', () => {
    const test = () => true;
    const plan = planOf((w) => {
      w.task('a', echo, { input: '', when: w.is(w.input, 'same', test) });
      return w.task('b', echo, { input: '', when: w.is(w.input, 'same', test) });
    });

    expect(plan.nodes.filter((each) => each.kind === 'predicate')).toHaveLength(1);
  });
});

describe('the run context', () => {
  it('is declared, read and written', () => {
    const addOnce = (current: string[], next: string) => [...new Set([...current, next])];
    const { plan, bindings } = defineWorkflow({
      name: 'counting',
      version: 1,
      input: Order,
      context: {
        total: { schema: z.number(), initial: 0, reduce: 'sum' },
        seen: {
          schema: z.array(z.string()),
          initial: [],
          reduce: { name: 'add-once', run: addOnce },
        },
      },
      steps(w) {
        w.update('total', w.input.$.amount);
        w.update('total', 1, { when: w.is(w.input, 'toy', (order) => order.kind === 'toy') });
        w.update('seen', w.input.$.id);
        return w.context.total;
      },
    });

    expect(plan.context).toEqual({
      total: { schema: { type: 'number' }, initial: 0, reduce: 'sum' },
      seen: {
        schema: { type: 'array', items: { type: 'string' } },
        initial: [],
        reduce: 'named:add-once',
      },
    });
    expect(node(plan, 'total.updated', 'update')).toMatchObject({
      key: 'total',
      value: ref('$input', 'amount'),
    });
    expect(node(plan, 'total.updated.2', 'update')).toMatchObject({ gates: [{ label: 'toy' }] });
    expect(plan.output).toEqual(ref('$context', 'total'));
    expect(bindings.reducers.get('add-once')?.(['a'], 'a')).toEqual(['a']);
    expect(bindings.context.get('total')?.parse('x')).toMatchObject({ ok: false });
  });
});

describe('workflows that call each other', () => {
  it('name what is defined further down', () => {
    const left: Workflow<string, string> = defineWorkflow({
      name: 'left',
      version: 1,
      input: z.string(),
      steps: (w) =>
        w.child(
          'go',
          forwardWorkflow<string, string>({ name: 'right', version: 2, workflow: () => right }),
          { input: w.input },
        ),
    });
    const right: Workflow<string, string> = defineWorkflow({
      name: 'right',
      version: 2,
      input: z.string(),
      steps: (w) => w.child('go', left, { input: w.input }),
    });

    expect(left.bindings.children.get('right')?.plan).toBe(right.plan);
    expect(left.bindings.children.get('right')?.bindings).toBe(right.bindings);
  });

  it('include one that calls itself', () => {
    const tree: Workflow<string, string> = defineWorkflow({
      name: 'tree',
      version: 1,
      input: z.string(),
      steps: (w) =>
        w.child(
          'below',
          forwardWorkflow<string, string>({ name: 'tree', version: 1, workflow: () => tree }),
          { input: w.input },
        ),
    });

    expect(tree.bindings.children.get('tree')?.plan).toBe(tree.plan);
  });

  it('are refused when another workflow turns up than promised', () => {
    const other = flow((w) => w.input);
    const promised = forwardWorkflow({ name: 'tree', version: 2, workflow: () => other as never });

    expect(mistake(() => promised.plan)).toBe(
      'Workflow "tree": forwardWorkflow promises version 2 of "tree" and gives version 1 of "order"',
    );
  });
});

describe('sensitive fields', () => {
  it('are followed from the steps into the output', () => {
    const Card = z.object({ number: z.string().meta({ sensitive: true }), brand: z.string() });
    const pay = defineTask({
      name: 'pay',
      input: Card,
      output: z.object({ receipt: z.string(), token: z.string().meta({ sensitive: true }) }),
      compensate: 'none',
      run: async () => ({ receipt: '', token: '' }),
    });

    const { plan } = defineWorkflow({
      name: 'paying',
      version: 1,
      input: z.object({ cards: z.array(Card) }),
      steps(w) {
        const paid = w.map('each', w.input.$.cards, {}, (card) =>
          w.task('pay', pay, { input: card }),
        );
        const plain = w.derive('plain', paid, (receipts) => receipts.length);
        const review = w.review('look', {
          form: z.object({ pin: z.string().meta({ sensitive: true }) }),
        });
        return w.finish(
          { paid, plain, brand: w.input.$.cards.$[0]?.$.brand, review },
          { approve: 'automatic' },
        );
      },
    });

    expect(plan.sensitiveInput).toEqual([['cards', '*', 'number']]);
    expect(plan.sensitiveOutput).toEqual([
      ['paid', '*', 'token'],
      ['plain'],
      ['review', 'form', 'pin'],
    ]);
    const map = node(plan, 'each', 'map');
    expect(map.body[0]).toMatchObject({
      call: { sensitive: { input: [['number']], output: [['token']] } },
    });
  });
});

describe('the undo of a task', () => {
  it('is bound, with the retry and the time limit of the task unless it has its own', async () => {
    const undone: unknown[] = [];
    const task = (compensate: object) =>
      defineTask({
        name: 'work',
        input: z.string(),
        retry: { maxAttempts: 4 },
        timeout: '3s',
        compensate: { run: async ({ input }) => void undone.push(input), ...compensate },
        run: async () => {},
      });
    const own = { retry: { maxAttempts: 9 }, timeout: '1m' };

    const { plan, bindings } = flow((w) => w.task('a', task({}), { input: 'x' }));
    await bindings.tasks.get('work')?.undo?.({ input: 'x' } as never);

    expect(undone).toEqual(['x']);
    expect(node(plan, 'a', 'task').call.undo).toMatchObject({
      retry: { maxAttempts: 4 },
      timeoutMs: 3_000,
    });
    expect(
      node(
        planOf((w) => w.task('a', task(own), { input: 'x' })),
        'a',
        'task',
      ).call.undo,
    ).toMatchObject({
      retry: { maxAttempts: 9 },
      timeoutMs: 60_000,
    });
  });
});

describe('the business key of a task', () => {
  const keyed = (key: (input: string) => string) =>
    defineTask({
      name: 'keyed',
      input: z.string(),
      compensate: 'none',
      key,
      remember: '24h',
      run: async () => {},
    });
  const keyOf = (key: (input: string) => string) =>
    flow((w) => w.task('a', keyed(key), { input: 'x' })).bindings.tasks.get('keyed')?.key;

  it('is made from its input', () => {
    expect(keyOf((input) => `key-${input}`)?.('x')).toBe('key-x');
  });

  it.each([[''], [undefined], [7]])('must be a text, not %j', (made) => {
    expect(() => keyOf(() => made as never)?.('x')).toThrow(
      'Task "keyed": key() must return a text that is not empty',
    );
  });
});

describe('callers from plain JavaScript', () => {
  it('may write handlers that use their definition, or are no promises', async () => {
    const definition = {
      name: 'plain',
      input: z.string(),
      output: z.string(),
      compensate: 'none',
      run({ input }: { input: string }) {
        return `${this.name} ${input}`;
      },
    };
    const task = defineTask(definition as never);
    const { bindings } = flow((w) => w.task('a', task, { input: 'x' }));

    await expect(bindings.tasks.get('plain')?.run({ input: 'x' } as never)).resolves.toBe(
      'plain x',
    );
  });

  it('may name steps by their ids in `after`', () => {
    const plan = untypedFlow((w) => {
      w['when']!(
        'route',
        w['is']!(w.input, 'p', () => true),
        () => {},
      );
      return w['task']!('last', echo, { input: 'x', after: ['route'] });
    }).plan;

    expect(node(plan, 'last', 'task').after).toEqual(['route.merged']);
  });
});

describe('the places of a definition in the code', () => {
  const lines = readFileSync(import.meta.filename, 'utf8').split('\n');
  const lineOf = (text: string) => lines.findIndex((line) => line.includes(text)) + 1;
  const weigh = defineTask({
    name: 'weigh',
    input: z.string(),
    compensate: 'none',
    run: () => done,
  });
  const done = Promise.resolve();
  const aParcel = defineWorkflow({
    name: 'parcel',
    version: 1,
    input: z.string(),
    steps(w) {
      const choice = w.is(w.input, 'heavy', (input) => input === 'heavy');
      w.when('way', choice, () => w.task('by_ship', weigh, { input: w.input }));
      return w.input;
    },
  });

  it('are those of the calls outside the package, also from inside a branch, and known by step and task', () => {
    const { code } = aParcel;
    const file = import.meta.filename;

    expect(code?.workflow()).toMatchObject({ file, line: lineOf('const aParcel = ') });
    expect(code?.step('by_ship')).toMatchObject({ file, line: lineOf("w.task('by_ship'") });
    expect(code?.task('weigh')).toMatchObject({ file, line: lineOf('const weigh = ') });
    expect([code?.step('nobody'), code?.task('nobody')]).toEqual([null, null]);
  });

  it('change no plan: neither its hash nor what is stored of it knows them', () => {
    const elsewhere = defineWorkflow({
      name: 'parcel',
      version: 1,
      input: z.string(),
      steps: (w) => {
        const choice = w.is(w.input, 'heavy', (input) => input === 'heavy');
        w.when('way', choice, () => w.task('by_ship', weigh, { input: w.input }));
        return w.input;
      },
    });

    expect(elsewhere.code?.step('by_ship')).not.toEqual(aParcel.code?.step('by_ship'));
    expect(elsewhere.plan).toEqual(aParcel.plan);
    expect(JSON.stringify(elsewhere.plan)).not.toContain('workflow.test');
  });

  it.each([
    ['at file:///srv/app/workflow.ts?signalbox-generation=3:12:34', '/srv/app/workflow.ts'],
    ['at Object.steps (/srv/my%20app (old)/workflow.ts:12:34)', '/srv/my%20app (old)/workflow.ts'],
    ['at async file:///srv/my%20app/workflow.ts:12:34', '/srv/my app/workflow.ts'],
    ['at steps (file:///C:/app/workflow.ts:12:34)', 'C:/app/workflow.ts'],
    ['at new Flow (C:\\app\\workflow.ts:12:34)', 'C:\\app\\workflow.ts'],
  ])('are read from the stack: %s', (line, file) => {
    const stack = `Error\n    at task (/signalbox/src/builder.ts:1:2)\n    at eval (<anonymous>:1:1)\n    ${line}`;

    expect(callerIn(stack, '/signalbox/src/')).toEqual({ file, line: 12, column: 34 });
  });

  it('are not known where the runtime says nothing of them', () => {
    expect(callerIn('Error\n    at task (/signalbox/src/builder.ts:1:2)', '/signalbox/src/')).toBe(
      null,
    );
    expect(callerIn('task@https://example.org/app.js:1:2', '/signalbox/src/')).toBe(null);
  });
});

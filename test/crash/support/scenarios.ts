/** Small workflows, each around one ability of the engine; together they use every kind of step. */
import { z } from 'zod';
import {
  type Decision,
  defineEvent,
  defineTask,
  defineWorkflow,
  OutcomeUnknownError,
  PermanentError,
  type RunView,
  type StartOptions,
  type TaskContext,
  TransientError,
  type Waiting,
  type Workflow,
} from '../../../src/index.ts';
import type { Stage } from './stage.ts';

/** Somebody outside who uses one life of the orchestrator, and remembers what it promised. */
export interface Session {
  runsOf(workflow: string): readonly RunView[];
  hasEntry(runId: string, event: string): Promise<boolean>;
  /** Whether a handler had this effect, which nobody but the outside world knows. */
  hasHappened(runId: string, effect: string): boolean;
  start(workflow: string, input: unknown, options?: StartOptions): Promise<void>;
  decide(runId: string, step: string, decision: Decision): Promise<void>;
  signal(runId: string, event: string, payload: unknown, id: string): Promise<void>;
  publish(event: string, payload: unknown, id: string): Promise<void>;
  cancel(runId: string): Promise<void>;
  retry(runId: string): Promise<void>;
  pause(runId: string): Promise<void>;
  resume(runId: string): Promise<void>;
  /** Lets whatever is under way come to rest. */
  rest(): Promise<void>;
}

export interface Scenario {
  readonly name: string;
  /** Steps run one after the other, so that the history has one order only. */
  readonly isOrdered: boolean;
  /** The runs at the end, by workflow: their statuses in order of creation. */
  readonly ends: { readonly [workflow: string]: readonly RunView['status'][] };
  /** Places at which a process has to have died at least once, beyond commits and effects. */
  readonly windows: readonly string[];
  readonly workflows: readonly Workflow<never, unknown>[];
  /** Effects that must be had exactly once, crash or no crash. */
  readonly neverTwice?: readonly string[];
  /** See `ObserveOptions`. */
  readonly mayAsk?: boolean;
  /** Its workflows are `fast`: a power loss may cost what was acknowledged last. */
  readonly mayForget?: boolean;
  /** Runs start afresh after a rollback, so that their effects get new keys. */
  readonly isRunAfresh?: boolean;
  /** Starts what is not there yet. */
  begin(session: Session): Promise<void>;
  /** Answers a wait for somebody outside; called again while the wait lasts. */
  answer?(session: Session, view: RunView, waiting: Waiting): Promise<void>;
  /** Whatever else somebody outside does at this moment; returns whether anything was done. */
  intervene?(session: Session, views: readonly RunView[]): Promise<boolean>;
}

type Toolbox = ReturnType<typeof toolbox>;

interface StepOptions {
  readonly fails?: (context: Pick<TaskContext<string, object>, 'attempt'>) => Error | null;
  readonly undo?: 'works' | 'fails' | 'works at the second attempt' | 'irreversible';
  readonly attempts?: number;
  readonly repeat?: 'safe' | 'unsafe';
}

/** Tasks whose handlers act on the stage. A step's output tells where it comes from. */
function toolbox(stage: () => Stage) {
  return {
    step(name: string, { fails, undo, attempts = 3, repeat = 'safe' }: StepOptions = {}) {
      return defineTask({
        name,
        input: z.string(),
        output: z.string(),
        repeat,
        retry: { maxAttempts: attempts, backoff: { kind: 'exponential', initial: '1s' } },
        compensate:
          undo === undefined
            ? 'none'
            : undo === 'irreversible'
              ? 'irreversible'
              : async (context) => {
                  await stage().perform('undo', name, context);
                  if (undo === 'fails') throw new PermanentError(`"${name}" stays done`);
                  if (undo !== 'works' && context.attempt === 1) throw new TransientError('Busy');
                },
        async run(context) {
          await stage().perform('run', name, context);
          const failure = fails?.(context) ?? null;
          if (failure !== null) throw failure;
          return `${name}(${context.input})`;
        },
      });
    },
    /** For bodies of maps: names its effect after the item. */
    item(
      name: string,
      map: string,
      { fails = (_index: number): boolean => false, undo = false } = {},
    ) {
      const Item = z.object({ index: z.number(), value: z.string() });
      return defineTask({
        name,
        input: Item,
        output: z.string(),
        compensate: undo
          ? async (context) => {
              await stage().perform('undo', `${map}/${context.input.index}/${name}`, context);
            }
          : 'none',
        async run(context) {
          const { index, value } = context.input;
          await stage().perform('run', `${map}/${index}/${name}`, context);
          if (fails(index)) throw new PermanentError(`Item ${index} is bad`);
          return `${name}(${value})`;
        },
      });
    },
    stage,
  };
}

const broken = () => new PermanentError('Broken');
const flaky =
  (goodAt: number) =>
  ({ attempt }: { readonly attempt: number }) =>
    attempt < goodAt ? new TransientError(`Attempt ${attempt} failed`) : null;

function once(workflow: { readonly name: string }, input: unknown) {
  return async (session: Session) => {
    if (session.runsOf(workflow.name).length === 0) await session.start(workflow.name, input);
  };
}

const approve: Decision = { outcome: 'approved', actor: 'ann' };

function chain({ step }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'chain',
    version: 1,
    input: z.string(),
    steps(w) {
      const first = w.task('first', step('first'), { input: w.input });
      const second = w.task('second', step('second'), { input: first });
      return w.task('third', step('third'), { input: second });
    },
  });
  return {
    name: 'a chain of tasks',
    isOrdered: true,
    ends: { chain: ['complete'] },
    windows: ['savePlan.before', 'savePlan.after'],
    workflows: [workflow],
    begin: once(workflow, 'x'),
  };
}

function fork({ step }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'fork',
    version: 1,
    input: z.string(),
    context: { seen: { schema: z.number(), initial: 0, reduce: 'sum' } },
    steps(w) {
      const left = w.task('left', step('left'), { input: w.input });
      const right = w.task('right', step('right', { fails: flaky(2) }), { input: w.input });
      const middle = w.task('middle', step('middle'), { input: w.input });
      w.update(
        'seen',
        w.derive('two', [left, right], () => 2),
      );
      w.milestone('forked', { after: [left, middle] });
      const joined = w.derive('joined', { left, right, middle }, (all) =>
        Object.values(all).join('+'),
      );
      return w.task('after', step('after'), { input: joined });
    },
  });
  return {
    name: 'a fork that joins, with run context and milestone',
    isOrdered: false,
    ends: { fork: ['complete'] },
    windows: [],
    workflows: [workflow],
    begin: once(workflow, 'x'),
  };
}

function review({ step }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'review',
    version: 1,
    input: z.string(),
    steps(w) {
      const draft = w.task('draft', step('draft'), { input: w.input });
      const opinion = w.review('opinion', {
        show: draft,
        form: z.object({ note: z.string() }),
        expires: '24h',
      });
      const isGood = w.is(opinion, 'good', ({ outcome }) => outcome === 'approved', {
        otherwise: 'Not approved.',
      });
      w.task('publish', step('publish'), { input: draft, when: isGood });
      w.task('shelve', step('shelve'), {
        input: draft,
        when: w.not(isGood, { otherwise: 'Approved.' }),
      });
      return w.finish(draft, { approve: 'person' });
    },
  });
  return {
    name: 'reviews in the middle and at the end',
    isOrdered: true,
    ends: { review: ['complete'] },
    windows: [],
    workflows: [workflow],
    begin: once(workflow, 'x'),
    answer: (session, view, { step: id }) =>
      session.decide(
        view.runId,
        id,
        id === 'opinion' ? { ...approve, form: { note: 'fine' } } : approve,
      ),
  };
}

function expiry({ step }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'expiry',
    version: 1,
    input: z.string(),
    steps(w) {
      const opinion = w.review('opinion', {
        expires: '60s',
        remind: {
          every: '25s',
          run: defineTask({
            name: 'remind',
            input: z.object({ reviewId: z.string(), round: z.number() }),
            compensate: 'none',
            run: async () => {},
          }),
        },
      });
      const text = w.derive('text', opinion, ({ outcome }) => outcome);
      return w.task('after', step('after'), { input: text });
    },
  });
  return {
    name: 'a review that nobody answers',
    isOrdered: true,
    ends: { expiry: ['complete'] },
    windows: [],
    workflows: [workflow],
    begin: once(workflow, 'x'),
  };
}

const Paid = defineEvent({
  name: 'paid',
  payload: z.object({ order: z.string(), by: z.string() }),
});

function signals({ step }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'signals',
    version: 1,
    input: z.string(),
    steps(w) {
      const prepared = w.task('prepared', step('prepared'), { input: w.input });
      const first = w.waitFor('first', Paid, { after: [prepared], where: { order: w.input } });
      const second = w.waitFor('second', Paid, { after: [first] });
      const both = w.derive('both', [first, second], (all) => all.map(({ by }) => by).join('+'));
      const late = w.waitFor('late', Paid, {
        after: [second],
        within: '60s',
        onTimeout: 'continue',
      });
      const last = w.derive('last', [both, late], ([who, third]) => `${who}, ${third.status}`);
      return w.task('ship', step('ship'), { input: last });
    },
  });
  return {
    name: 'signals, one of which comes twice, and one never',
    isOrdered: true,
    ends: { signals: ['complete'] },
    windows: [],
    workflows: [workflow],
    begin: once(workflow, 'x'),
    async answer(session, view, waiting) {
      if (waiting.kind !== 'event' || waiting.step === 'late') return;
      // A sender that is not sure sends again.
      for (const by of waiting.step === 'first' ? ['ann'] : ['ann', 'bob'])
        await session.signal(view.runId, 'paid', { order: 'x', by }, `paid-by-${by}`);
    },
  };
}

function sleep({ step }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'sleep',
    version: 1,
    input: z.string(),
    steps(w) {
      const before = w.task('before', step('before'), { input: w.input });
      const slept = w.sleep('slept', { for: '60s', after: [before] });
      return w.task('after', step('after'), { input: before, after: [slept] });
    },
  });
  return {
    name: 'a sleep',
    isOrdered: true,
    ends: { sleep: ['complete'] },
    windows: [],
    workflows: [workflow],
    begin: once(workflow, 'x'),
  };
}

function child({ step }: Toolbox): Scenario {
  const inner = defineWorkflow({
    name: 'inner',
    version: 1,
    input: z.string(),
    steps: (w) => w.task('work', step('work', { fails: flaky(2) }), { input: w.input }),
  });
  const outer = defineWorkflow({
    name: 'outer',
    version: 1,
    input: z.string(),
    steps(w) {
      const before = w.task('before', step('before'), { input: w.input });
      const called = w.child('called', inner, { input: before });
      return w.task('after', step('after'), { input: called });
    },
  });
  return {
    name: 'a child',
    isOrdered: true,
    ends: { outer: ['complete'], inner: ['complete'] },
    windows: ['settleMessage.before', 'settleMessage.after'],
    workflows: [outer, inner],
    begin: once(outer, 'x'),
  };
}

function map({ step, item }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'map',
    version: 1,
    input: z.array(z.string()),
    steps(w) {
      const done = w.map('done', w.input, { concurrency: 2 }, (value, index) => {
        const cut = w.task('cut', item('cut', 'done'), { input: { index, value } });
        return w.task('sew', item('sew', 'done'), { input: { index, value: cut } });
      });
      const list = w.derive('list', done, (all) => all.join('+'));
      return w.task('pack', step('pack'), { input: list });
    },
  });
  return {
    name: 'a map with a body of two tasks',
    isOrdered: false,
    ends: { map: ['complete'] },
    windows: ['saveItems.before', 'saveItems.after'],
    workflows: [workflow],
    begin: once(workflow, ['a', 'b', 'c', 'd']),
  };
}

function collecting({ item }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'collecting',
    version: 1,
    input: z.array(z.string()),
    steps(w) {
      const bad = item('try', 'tried', { fails: (index) => index === 1 });
      return w.map('tried', w.input, { onItemFailure: 'collect', concurrency: 1 }, (value, index) =>
        w.task('try', bad, { input: { index, value } }),
      );
    },
  });
  return {
    name: 'a map that collects failures',
    isOrdered: true,
    ends: { collecting: ['complete'] },
    windows: ['saveItems.before', 'saveItems.after'],
    workflows: [workflow],
    begin: once(workflow, ['a', 'b', 'c']),
  };
}

function retries({ step }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'retries',
    version: 1,
    input: z.string(),
    steps: (w) => w.task('shaky', step('shaky', { fails: flaky(3) }), { input: w.input }),
  });
  return {
    name: 'retries with backoff',
    isOrdered: true,
    ends: { retries: ['complete'] },
    windows: [],
    workflows: [workflow],
    begin: once(workflow, 'x'),
  };
}

function fallbacks({ step, stage }: Toolbox): Scenario {
  const picky = defineTask({
    name: 'picky',
    input: z.string(),
    output: z.string(),
    failures: { full: z.object({ left: z.number() }) },
    compensate: 'none',
    async run(context) {
      await stage().perform('run', 'picky', context);
      return context.fail('full', { left: 0 });
    },
  });
  const workflow = defineWorkflow({
    name: 'fallbacks',
    version: 1,
    input: z.string(),
    steps(w) {
      const main = w.task(
        'main',
        step('main', { fails: () => new TransientError('Down'), attempts: 2 }),
        {
          input: w.input,
          fallback: step('main-fallback'),
        },
      );
      const chosen = w.task('picky', picky, { input: main, tolerate: ['full'] });
      const status = w.derive('status', chosen, (settled) => settled.status);
      const any = w.task('any', step('any', { fails: broken }), { input: status, tolerate: 'any' });
      const last = w.derive('last', any, (settled) => settled.status);
      return w.task('after', step('after'), { input: last });
    },
  });
  return {
    name: 'a fallback, and failures that are tolerated',
    isOrdered: true,
    ends: { fallbacks: ['complete'] },
    windows: [],
    workflows: [workflow],
    begin: once(workflow, 'x'),
  };
}

function compensation({ step, stage }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'compensation',
    version: 1,
    input: z.string(),
    onFailed: defineTask({
      name: 'told',
      input: z.looseObject({ completedSteps: z.array(z.string()) }),
      compensate: 'none',
      run: (context) => stage().perform('run', 'onFailed', context),
    }),
    steps(w) {
      const a = w.task('a', step('a', { undo: 'works' }), { input: w.input });
      const b = w.task('b', step('b'), { input: a });
      const c = w.task('c', step('c', { undo: 'works at the second attempt' }), { input: b });
      const d = w.task('d', step('d', { undo: 'works' }), { input: c });
      return w.task('e', step('e', { fails: broken, undo: 'works' }), { input: d });
    },
  });
  return {
    name: 'compensation after a failure, and the task that is told of it',
    isOrdered: true,
    ends: { compensation: ['failed'] },
    windows: ['undo.before', 'undo.after'],
    workflows: [workflow],
    begin: once(workflow, 'x'),
  };
}

function partial({ step }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'partial',
    version: 1,
    input: z.string(),
    steps(w) {
      const a = w.task('a', step('a', { undo: 'works' }), { input: w.input });
      const b = w.task('b', step('b', { undo: 'irreversible' }), { input: a });
      const c = w.task('c', step('c', { undo: 'fails' }), { input: b });
      const d = w.task('d', step('d', { undo: 'works' }), { input: c });
      return w.fail('enough', 'Enough', { after: [d] });
    },
  });
  return {
    name: 'partial compensation',
    isOrdered: true,
    ends: { partial: ['failed'] },
    windows: ['undo.before', 'undo.after'],
    workflows: [workflow],
    begin: once(workflow, 'x'),
  };
}

function deepCompensation({ step, item }: Toolbox): Scenario {
  const inner = defineWorkflow({
    name: 'deep-inner',
    version: 1,
    input: z.string(),
    steps(w) {
      const one = w.task('one', step('one', { undo: 'works' }), { input: w.input });
      return w.task('two', step('two', { undo: 'works' }), { input: one });
    },
  });
  const outer = defineWorkflow({
    name: 'deep-outer',
    version: 1,
    input: z.string(),
    steps(w) {
      const a = w.task('a', step('a', { undo: 'works' }), { input: w.input });
      const called = w.child('called', inner, { input: a });
      const list = w.derive('list', called, (value) => [`${value}-1`, `${value}-2`]);
      const made = w.map('made', list, { concurrency: 1 }, (value, index) =>
        w.task('make', item('make', 'made', { undo: true }), { input: { index, value } }),
      );
      const text = w.derive('text', made, (all) => all.join('+'));
      return w.task('last', step('last', { fails: broken }), { input: text });
    },
  });
  return {
    name: 'compensation of a child and of a map',
    isOrdered: true,
    ends: { 'deep-outer': ['failed'], 'deep-inner': ['complete'] },
    windows: ['undo.before', 'undo.after', 'saveItems.after', 'settleMessage.before'],
    workflows: [outer, inner],
    begin: once(outer, 'x'),
  };
}

const Ordered = defineEvent({ name: 'ordered', payload: z.object({ n: z.number() }) });

function events({ step }: Toolbox): Scenario {
  const waiter = defineWorkflow({
    name: 'waiter',
    version: 1,
    input: z.string(),
    steps(w) {
      const first = w.waitFor('first', Ordered);
      const second = w.waitFor('second', Ordered, { after: [first] });
      const sum = w.derive('sum', [first, second], ([a, b]) => `${a.n}, ${b.n}`);
      return w.task('noted', step('noted'), { input: sum });
    },
  });
  const sender = defineWorkflow({
    name: 'sender',
    version: 1,
    input: z.string(),
    steps(w) {
      const before = w.task('before', step('before'), { input: w.input });
      const one = w.emit('one', Ordered, { payload: { n: 1 }, after: [before] });
      const pause = w.sleep('pause', { for: '1m', after: [one] });
      const two = w.emit('two', Ordered, { payload: { n: 2 }, after: [pause] });
      return w.task('sent', step('sent'), { input: before, after: [two] });
    },
  });
  const started = defineWorkflow({
    name: 'started',
    version: 1,
    input: z.object({ n: z.number() }),
    startOn: [Ordered],
    steps(w) {
      const text = w.derive('text', w.input, ({ n }) => String(n));
      return w.task('served', step('served'), { input: text });
    },
  });
  return {
    name: 'events that runs wait for, and that start runs',
    isOrdered: true,
    ends: { waiter: ['complete'], sender: ['complete'], started: ['complete', 'complete'] },
    windows: ['send.before', 'send.after', 'settleMessage.before', 'settleMessage.after'],
    workflows: [waiter, sender, started],
    async begin(session) {
      await once(waiter, 'x')(session);
      await session.rest();
      await once(sender, 'x')(session);
    },
  };
}

function published({ step }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'published',
    version: 1,
    input: z.object({ n: z.number() }),
    startOn: [Ordered],
    steps(w) {
      const text = w.derive('text', w.input, ({ n }) => String(n));
      return w.task('served', step('served'), { input: text });
    },
  });
  return {
    name: 'an event that is published more than once under one id',
    isOrdered: true,
    ends: { published: ['complete'] },
    windows: ['send.before', 'send.after', 'settleMessage.before', 'settleMessage.after'],
    workflows: [workflow],
    async begin(session) {
      await session.publish('ordered', { n: 7 }, 'order-7');
      await session.publish('ordered', { n: 7 }, 'order-7');
    },
  };
}

function keyed({ step }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'keyed',
    version: 1,
    input: z.string(),
    steps: (w) => w.task('only', step('only'), { input: w.input }),
  });
  return {
    name: 'starts with one key',
    isOrdered: true,
    ends: { keyed: ['complete'] },
    windows: [],
    workflows: [workflow],
    // Whoever is not sure starts again: that is what the key is for.
    async begin(session) {
      await Promise.all([1, 2, 3].map(() => session.start('keyed', 'x', { key: 'k' })));
    },
  };
}

function checkpoints({ stage }: Toolbox): Scenario {
  const long = defineTask({
    name: 'long',
    input: z.string(),
    output: z.string(),
    retry: { maxAttempts: 3 },
    compensate: 'none',
    async run(context) {
      await stage().perform('run', 'long', context);
      const parts: string[] = [];
      for (const name of ['one', 'two', 'three']) {
        const part = await context.checkpoint(name, async () => {
          await stage().perform('compute', `long:${name}`, context);
          return `${name} of ${context.input}`;
        });
        parts.push(part);
        if (name === 'two' && context.attempt === 1) throw new TransientError('Try again');
      }
      return parts.join(', ');
    },
  });
  const workflow = defineWorkflow({
    name: 'checkpoints',
    version: 1,
    input: z.string(),
    steps: (w) => w.task('long', long, { input: w.input }),
  });
  return {
    name: 'a task with checkpoints',
    isOrdered: true,
    ends: { checkpoints: ['complete'] },
    windows: ['saveCheckpoint.before', 'saveCheckpoint.after', 'compute.before', 'compute.after'],
    workflows: [workflow],
    begin: once(workflow, 'x'),
  };
}

function unsafe({ step }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'unsafe',
    version: 1,
    input: z.string(),
    steps(w) {
      const before = w.task('before', step('before'), { input: w.input });
      const sent = w.task('sent', step('sent', { repeat: 'unsafe' }), { input: before });
      const lost = step('lost', {
        repeat: 'unsafe',
        fails: ({ attempt }) => (attempt === 1 ? new OutcomeUnknownError('No answer') : null),
      });
      const asked = w.task('asked', lost, { input: sent });
      return w.task('after', step('after'), { input: asked });
    },
  });
  return {
    name: 'tasks that must not be repeated without a verdict',
    isOrdered: true,
    ends: { unsafe: ['complete'] },
    windows: [],
    mayAsk: true,
    neverTwice: ['sent', 'lost'],
    workflows: [workflow],
    begin: once(workflow, 'x'),
    async answer(session, view, { step: id }) {
      const effect = id === 'asked' ? 'lost' : id;
      const output = `${effect}(${id === 'asked' ? 'sent(before(x))' : 'before(x)'})`;
      const verdict = session.hasHappened(view.runId, effect)
        ? { outcome: 'happened', output }
        : { outcome: 'did_not_happen' };
      await session.decide(view.runId, id, { actor: 'ann', ...verdict } as Decision);
    },
  };
}

function shared({ stage }: Toolbox): Scenario {
  const guarded = defineTask({
    name: 'guarded',
    input: z.string(),
    output: z.string(),
    retry: { maxAttempts: 5, backoff: { kind: 'fixed', initial: '1s' } },
    breaker: { name: 'line', failureThreshold: 2, resetAfter: '30s' },
    compensate: 'none',
    async run(context) {
      await stage().perform('run', 'guarded', context);
      if (context.attempt < 4) throw new TransientError('Line is dead');
      return `guarded(${context.input})`;
    },
  });
  const remembered = defineTask({
    name: 'remembered',
    input: z.string(),
    output: z.string(),
    key: (input) => input,
    remember: '1h',
    compensate: 'none',
    async run(context) {
      await stage().perform('run', 'remembered', context);
      return `remembered(${context.input})`;
    },
  });
  const workflow = defineWorkflow({
    name: 'shared',
    version: 1,
    input: z.string(),
    steps(w) {
      const called = w.task('guarded', guarded, { input: w.input });
      return w.task('remembered', remembered, { input: called });
    },
  });
  return {
    name: 'a breaker, and a result that is remembered',
    isOrdered: true,
    ends: { shared: ['complete'] },
    windows: ['saveBreaker.before', 'saveBreaker.after', 'claimResult.before', 'claimResult.after'],
    workflows: [workflow],
    begin: once(workflow, 'x'),
  };
}

function cancelled({ step }: Toolbox): Scenario {
  const inner = defineWorkflow({
    name: 'cancelled-inner',
    version: 1,
    input: z.string(),
    steps(w) {
      const one = w.task('one', step('one', { undo: 'works' }), { input: w.input });
      const slept = w.sleep('slept', { for: '1d', after: [one] });
      return w.task('two', step('two'), { input: one, after: [slept] });
    },
  });
  const workflow = defineWorkflow({
    name: 'cancelled',
    version: 1,
    input: z.string(),
    steps(w) {
      const a = w.task('a', step('a', { undo: 'works' }), { input: w.input });
      return w.child('called', inner, { input: a });
    },
  });
  return {
    name: 'a cancelled run with a child',
    isOrdered: false,
    ends: { cancelled: ['cancelled'], 'cancelled-inner': ['cancelled'] },
    windows: ['undo.before', 'undo.after', 'settleMessage.before'],
    workflows: [workflow, inner],
    begin: once(workflow, 'x'),
    async intervene(session) {
      const [run] = session.runsOf('cancelled');
      const [called] = session.runsOf('cancelled-inner');
      const isAsleep = called?.waitingOn.some(({ step: id }) => id === 'slept') === true;
      if (run === undefined || !isAsleep || run.waitingOn[0]?.kind !== 'child') return false;
      if (await session.hasEntry(run.runId, 'run.cancelled')) return false;
      await session.cancel(run.runId);
      return true;
    },
  };
}

function retriedByHand({ step, stage }: Toolbox): Scenario {
  const keep = defineWorkflow({
    name: 'kept',
    version: 1,
    input: z.string(),
    onFailure: 'keep',
    steps(w) {
      const a = w.task('a', step('a', { undo: 'works' }), { input: w.input });
      const b = w.review('b', { after: [a] });
      const text = w.derive('text', [a, b], ([of, { outcome }]) => `${of} ${outcome}`);
      const isDown = () => (stage().isRepaired ? null : new TransientError('Not yet'));
      return w.task('c', step('c', { fails: isDown }), { input: text });
    },
  });
  const afresh = defineWorkflow({
    name: 'afresh',
    version: 1,
    input: z.string(),
    steps(w) {
      const a = w.task('a', step('a', { undo: 'works' }), { input: w.input });
      const b = w.review('b', { after: [a], onRejected: 'fail' });
      return w.task('c', step('c'), { input: a, after: [b] });
    },
  });
  return {
    name: 'failed runs that are retried by hand',
    isOrdered: true,
    isRunAfresh: true,
    ends: { kept: ['complete'], afresh: ['complete'] },
    windows: ['undo.before', 'undo.after'],
    workflows: [keep, afresh],
    async begin(session) {
      await once(keep, 'x')(session);
      await session.rest();
      await once(afresh, 'x')(session);
    },
    answer: (session, view, waiting) =>
      session.decide(
        view.runId,
        waiting.step,
        view.workflow === 'afresh' && view.generation === 1
          ? { outcome: 'rejected', actor: 'ann' }
          : approve,
      ),
    async intervene(session, views) {
      const failed = views.find(({ status }) => status === 'failed');
      if (failed === undefined) return false;
      if (failed.workflow === 'kept') stage().isRepaired = true;
      await session.retry(failed.runId);
      return true;
    },
  };
}

function paused({ step }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'paused',
    version: 1,
    input: z.string(),
    steps(w) {
      const a = w.task('a', step('a'), { input: w.input });
      const slept = w.sleep('slept', { for: '60s', after: [a] });
      return w.task('b', step('b'), { input: a, after: [slept] });
    },
  });
  return {
    name: 'a run that is paused and resumed',
    isOrdered: true,
    ends: { paused: ['complete'] },
    windows: [],
    workflows: [workflow],
    begin: once(workflow, 'x'),
    async intervene(session) {
      const [run] = session.runsOf('paused');
      if (run === undefined || !run.waitingOn.some(({ step: id }) => id === 'slept')) return false;
      if (run.paused) await session.resume(run.runId);
      else if (await session.hasEntry(run.runId, 'run.paused')) return false;
      else await session.pause(run.runId);
      return true;
    },
  };
}

function choices({ step }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'choices',
    version: 1,
    input: z.object({ kind: z.enum(['book', 'toy']) }),
    steps(w) {
      const chosen = w.choose('chosen', w.input, 'kind', {
        book: () => w.task('read', step('read'), { input: 'book' }),
        toy: () => w.task('play', step('play'), { input: 'toy' }),
      });
      const isLong = w.is(chosen, 'long', (text) => text.length > 100);
      const end = w.when(
        'end',
        isLong,
        () => w.task('cut', step('cut'), { input: chosen }),
        () => w.task('pad', step('pad'), { input: chosen }),
      );
      w.sequence(() => {
        w.task('s1', step('s1'), { input: end });
        w.task('s2', step('s2'), { input: end });
      });
      return end;
    },
  });
  return {
    name: 'choices and a sequence',
    isOrdered: true,
    ends: { choices: ['complete'] },
    windows: [],
    workflows: [workflow],
    begin: once(workflow, { kind: 'toy' }),
  };
}

function manyRuns({ step }: Toolbox): Scenario {
  const workflow = defineWorkflow({
    name: 'many',
    version: 1,
    input: z.string(),
    steps(w) {
      const a = w.task('a', step('a'), { input: w.input });
      return w.task('b', step('b'), { input: a });
    },
  });
  return {
    name: 'runs whose commits share a batch',
    isOrdered: false,
    ends: { many: ['complete', 'complete', 'complete'] },
    windows: [],
    workflows: [workflow],
    async begin(session) {
      await Promise.all(['1', '2', '3'].map((key) => session.start('many', 'x', { key })));
    },
  };
}

const makers = [
  chain,
  fork,
  review,
  expiry,
  signals,
  sleep,
  child,
  map,
  collecting,
  retries,
  fallbacks,
  compensation,
  partial,
  deepCompensation,
  events,
  published,
  keyed,
  checkpoints,
  unsafe,
  shared,
  cancelled,
  retriedByHand,
  paused,
  choices,
  manyRuns,
];

/** Defined once; `stage` gives the stage on which they act now. */
export function createScenarios(stage: () => Stage): readonly Scenario[] {
  const tools = toolbox(stage);
  return makers.map((make) => make(tools));
}

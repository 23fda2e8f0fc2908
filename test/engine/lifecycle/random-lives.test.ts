/**
 * Random workflows led through random lives: people decide, cancel, pause and retry, processes die, tasks fail, hang and give no answer, in any
 * order. Whatever happens, the run comes to its end, its history is whole, and its outcome owns up to everything that was done.
 */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { lifecycle } from '../../../src/chart/lifecycle.ts';
import {
  defineEvent,
  defineTask,
  defineWorkflow,
  OutcomeUnknownError,
  PermanentError,
  type RunView,
  TransientError,
} from '../../../src/index.ts';
import { type Bench, day, minute, openBench, second } from '../../support/engine-bench.ts';
import { recorder } from '../../support/replayed.ts';

const behaviors = ['works', 'fails once', 'fails', 'hangs', 'unclear', 'works late'] as const;
type Behavior = (typeof behaviors)[number];

interface StepPlan {
  readonly kind: 'task' | 'review' | 'wait' | 'sleep';
  readonly behavior: Behavior;
  readonly unsafe: boolean;
  readonly compensate: 'handler' | 'none' | 'irreversible';
  readonly tolerate: boolean;
  readonly fallback: boolean;
  readonly after: readonly number[];
}

interface Life {
  readonly steps: readonly StepPlan[];
  readonly onFailure: 'compensate' | 'keep';
  readonly stopping: 'drain' | 'abort';
  readonly person: boolean;
  readonly actions: readonly {
    readonly what: string;
    readonly pick: number;
    readonly yes: boolean;
  }[];
}

const actions = [
  'decide',
  'decide',
  'signal',
  'wait a bit',
  'wait long',
  'cancel',
  'abort',
  'pause',
  'resume',
  'crash',
  'restart',
  'answer',
  'retry',
];
const lives: fc.Arbitrary<Life> = fc.record({
  steps: fc.array(
    fc.record({
      kind: fc.constantFrom('task', 'task', 'task', 'review', 'wait', 'sleep'),
      behavior: fc.constantFrom(...behaviors),
      unsafe: fc.boolean(),
      compensate: fc.constantFrom('handler', 'handler', 'none', 'irreversible'),
      tolerate: fc.boolean(),
      fallback: fc.boolean(),
      after: fc.array(fc.nat({ max: 4 }), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  onFailure: fc.constantFrom('compensate', 'compensate', 'keep'),
  stopping: fc.constantFrom('drain', 'abort'),
  person: fc.boolean(),
  actions: fc.array(
    fc.record({ what: fc.constantFrom(...actions), pick: fc.nat({ max: 9 }), yes: fc.boolean() }),
    { maxLength: 14 },
  ),
});

const asked = defineEvent({ name: 'asked', payload: z.object({}) });

/** What really happened outside, by the key of the attempt. */
class World {
  /** Steps whose effect took place, by generation. */
  readonly effects: { readonly step: string; readonly key: string; readonly generation: number }[] =
    [];
  readonly undone: { readonly step: string; readonly generation: number }[] = [];
  readonly #hanging: (() => void)[] = [];
  readonly #calls = new Map<string, number>();
  /** Of the present process; what a dead one was about to do does not happen. */
  life = 1;
  generation = 1;

  async act(step: string, key: string, behavior: Behavior, signal: AbortSignal): Promise<string> {
    const { life, generation } = this;
    const call = (this.#calls.get(key) ?? 0) + 1;
    this.#calls.set(key, call);
    if (behavior === 'fails' || (behavior === 'fails once' && call === 1)) {
      throw call % 2 === 1 && behavior === 'fails once'
        ? new TransientError('busy')
        : new PermanentError('no');
    }
    if (behavior === 'hangs' || behavior === 'works late') {
      await new Promise<void>((resolve, reject) => {
        this.#hanging.push(resolve);
        if (behavior === 'hangs')
          signal.addEventListener('abort', () => reject(new Error('stopped')));
      });
      if (life !== this.life) return new Promise(() => {});
    }
    if (behavior === 'unclear' && call === 1) {
      throw new OutcomeUnknownError('no answer');
    }
    this.effects.push({ step, key, generation });
    return `${step} done`;
  }

  answerAll(): void {
    for (const resolve of this.#hanging.splice(0)) resolve();
  }
}

function workflowOf(life: Life, world: World) {
  const taskOf = (name: string, plan: StepPlan, behavior: Behavior) =>
    defineTask({
      name,
      input: z.unknown(),
      output: z.string(),
      timeout: '1m',
      retry: { maxAttempts: 3 },
      repeat: plan.unsafe ? 'unsafe' : 'safe',
      compensate:
        plan.compensate === 'handler'
          ? async () => {
              world.undone.push({
                step: name.replace(/-instead$/, ''),
                generation: world.generation,
              });
            }
          : plan.compensate,
      run: ({ idempotencyKey, signal }) =>
        world.act(name.replace(/-instead$/, ''), idempotencyKey, behavior, signal),
    });
  return defineWorkflow({
    name: 'life',
    version: 1,
    input: z.object({}),
    onFailure: life.onFailure,
    stopping: life.stopping,
    steps(w) {
      const ids: string[] = [];
      for (const [index, plan] of life.steps.entries()) {
        const id = `s${index}`;
        const after = [
          ...new Set(plan.after.filter((before) => before < index).map((before) => `s${before}`)),
        ];
        const options = { after };
        if (plan.kind === 'review')
          w.review(id, {
            ...options,
            expires: '3d',
            onRejected: plan.tolerate ? 'continue' : 'fail',
          });
        else if (plan.kind === 'wait')
          w.waitFor(id, asked, { ...options, within: '3d', onTimeout: 'continue' });
        else if (plan.kind === 'sleep') w.sleep(id, { ...options, for: '2h' });
        else {
          w.task(id, taskOf(id, plan, plan.behavior), {
            ...options,
            input: {},
            within: '1d',
            ...(plan.tolerate ? { tolerate: 'any' } : {}),
            ...(plan.fallback ? { fallback: taskOf(`${id}-instead`, plan, 'works') } : {}),
          });
        }
        ids.push(id);
      }
      const end = w.derive('end', w.input, () => 'end', { after: ids });
      return w.finish(end, { approve: life.person ? 'person' : 'automatic' });
    },
  });
}

const isOver = (view: RunView) => ['complete', 'failed', 'cancelled'].includes(view.status);

async function act(
  bench: Bench,
  world: World,
  runId: string,
  action: Life['actions'][number],
): Promise<void> {
  const { engine, clock } = bench;
  const view = await engine.get(runId);
  const actor = 'ann';
  switch (action.what) {
    case 'decide':
      return decide(bench, world, runId, action.pick, action.yes);
    case 'signal':
      await engine.signal(runId, asked, {});
      return;
    case 'cancel':
    case 'abort':
      return engine.cancel(runId, { mode: action.what === 'abort' ? 'abort' : 'drain', actor });
    case 'pause':
      return engine.pause(runId, { actor });
    case 'resume':
      return engine.resume(runId, { actor });
    case 'retry':
      if (view.status !== 'failed') return;
      if (view.outcome?.compensation !== 'nothing') world.generation += 1;
      return engine.retry(runId, { acceptNotUndone: true, reason: 'again', actor });
    case 'crash':
      world.life += 1;
      await bench.crash();
      return;
    case 'restart':
      await bench.restart();
      world.life += 1;
      return;
    case 'answer':
      return world.answerAll();
    default:
      await clock.advance(
        action.what === 'wait long' ? 4 * day : action.yes ? 3 * second : 2 * minute,
      );
  }
}

async function decide(
  { engine }: Bench,
  world: World,
  runId: string,
  pick: number,
  yes: boolean,
): Promise<void> {
  const { waitingOn } = await engine.get(runId);
  const open = waitingOn.filter(({ kind }) => kind === 'review');
  const review = open[pick % Math.max(1, open.length)];
  if (review === undefined) return;
  const isDoubt = review.what.includes('took effect');
  if (!isDoubt)
    return engine.decide(runId, review.step, {
      outcome: yes ? 'approved' : 'rejected',
      actor: 'ann',
    });
  if (!yes)
    return engine.decide(runId, review.step, {
      outcome: pick % 2 === 0 ? 'give_up' : 'did_not_happen',
      actor: 'ann',
    });
  world.effects.push({ step: review.step, key: 'vouched for', generation: world.generation });
  await engine.decide(runId, review.step, {
    outcome: 'happened',
    actor: 'ann',
    output: 'vouched for',
  });
}

/** Everybody does their part until the run has ended. */
async function toTheEnd(bench: Bench, world: World, runId: string): Promise<RunView> {
  for (let round = 0; round < 40; round += 1) {
    const view = await bench.engine.get(runId);
    if (isOver(view)) return view;
    if (view.paused) await bench.engine.resume(runId);
    await decide(bench, world, runId, round, true).catch(() => {});
    await bench.engine.signal(runId, asked, {}).catch(() => {});
    world.answerAll();
    await bench.clock.advance(round % 2 === 0 ? 3 * second : 4 * day);
  }
  const stuck = await bench.engine.get(runId);
  throw new Error(
    `The run is stuck: ${JSON.stringify({ status: stuck.status, waitingOn: stuck.waitingOn })}`,
  );
}

async function live(life: Life): Promise<void> {
  const world = new World();
  const workflow = workflowOf(life, world);
  const recorded = recorder(createMemoryStore());
  const bench = await openBench({
    workflows: [workflow],
    store: recorded.store,
    settings: { maxSleepMs: day, maxDispatches: 100 },
  });
  const { runId } = await bench.engine.start(workflow, {});
  for (const action of life.actions) {
    await bench.clock.advance(0);
    // Much of it is refused, as it should be; nothing of it may do harm.
    await act(bench, world, runId, action).catch((error: unknown) => {
      expect(error).toHaveProperty('code');
    });
  }
  const view = await toTheEnd(bench, world, runId);
  // Whatever still hangs answers too late.
  world.answerAll();
  await bench.clock.advance(second);
  await checkHistory(bench, runId);
  await checkOutcome(bench, world, life, view);
  expect(await recorded.expectReplays(runId, [workflow])).toBeGreaterThan(0);
  const unexpected = bench.log
    .at('error')
    .filter(({ message }) => !/task failed after|run quarantined/.test(message));
  expect(unexpected).toEqual([]);
}

async function checkHistory({ engine }: Bench, runId: string): Promise<void> {
  expect(await engine.verify(runId)).toMatchObject({ fault: null });
  const history = await engine.history(runId);
  for (const [index, { from, to, event }] of history.entries()) {
    const previous = history[index - 1];
    if (previous === undefined || from === null) continue;
    expect([event, from]).toEqual([event, previous.to]);
    if (from !== to) expect(lifecycle[from]).toContain(to);
  }
  const settled = history.filter(
    ({ settles, step, event }) =>
      settles === 'complete' &&
      step !== null &&
      !event.startsWith('undo.') &&
      !step.startsWith('$'),
  );
  const names = settled.map(({ step, generation }) => `${generation}/${step}`);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
}

/** What took effect is undone, or named as not undone; nothing is undone that did not happen, and newest first. */
async function checkOutcome(
  { engine }: Bench,
  world: World,
  life: Life,
  before: RunView,
): Promise<void> {
  const view = await engine.get(before.runId);
  const ofNow = <T extends { readonly generation: number }>(all: readonly T[]) =>
    all.filter(({ generation }) => generation === view.generation);
  const undone = ofNow(world.undone).map(({ step }) => step);
  const done = new Set(ofNow(world.effects).map(({ step }) => step));
  const needsUndo = (step: string) => life.steps[Number(step.slice(1))]?.compensate !== 'none';
  for (const step of undone) expect([...done]).toContain(step);
  if (view.status === 'complete') {
    expect(undone).toEqual([]);
    return;
  }
  const { outcome } = view;
  const named = outcome?.notUndone.map(({ step }) => step) ?? [];
  const left = [...done].filter((step) => needsUndo(step) && !undone.includes(step));
  expect(left.filter((step) => !named.includes(step))).toEqual([]);
  if (outcome?.compensation === 'complete') expect(left).toEqual([]);
  expect([...new Set(undone)]).toEqual(outcome?.undone);
}

const numRuns = process.env['SIGNALBOX_TEST_FULL'] === '1' ? 2_000 : 150;

it(`whatever happens to them, ${numRuns} runs come to an end that owns up to what was done`, {
  timeout: 600_000,
}, async () => {
  await fc.assert(fc.asyncProperty(lives, live), {
    numRuns,
    seed: Number(process.env['SIGNALBOX_TEST_SEED'] ?? 20_260_101),
  });
});

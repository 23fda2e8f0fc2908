/** The paths of a workflow as scenes that can be crashed. */
import { layOut } from '../../plan/layout.ts';
import type { Plan, TaskCall } from '../../plan/plan.ts';
import type { RunnableWorkflow } from '../../ports/bindings.ts';
import type { Store } from '../../ports/store.ts';
import { textOf } from '../../proof/paths/move.ts';
import type { Coverage, WorkflowPath } from '../../proof/paths/paths.ts';
import { pathRandom } from '../../proof/paths/timers.ts';
import { ManualClock } from '../manual-clock.ts';
import type { Fixtures } from '../player/fixtures.ts';
import { paths } from '../player/paths.ts';
import { play } from '../player/play.ts';
import type { Script } from '../player/script.ts';
import type { TaskEffect } from '../player/scripted-executor.ts';
import type { World } from '../player/world.ts';
import { scriptOf } from '../player/write-script.ts';
import { Broken } from './compare.ts';
import type { UnplayedPath } from './crash-report.ts';
import { exported } from './observe.ts';
import type { Scene, SceneRules } from './scene.ts';
import type { Effect, Stage } from './stage.ts';
import { undecidedStep, undoRest } from './undecided.ts';

export interface PathSceneOptions extends Fixtures {
  /** Which paths. Default: `transitions`, every transition of the chart on one path at least. */
  readonly coverage?: Coverage;
}

export interface PathScenes {
  readonly scenes: readonly Scene[];
  /** Of the workflow and its children. */
  readonly plans: readonly Plan[];
  readonly notPlayed: readonly UnplayedPath[];
}

/** @param only - name of the one scene that is wanted; `null`: all */
export async function pathScenes(
  workflow: RunnableWorkflow,
  { coverage = 'transitions', ...fixtures }: PathSceneOptions = {},
  only: string | null = null,
): Promise<PathScenes> {
  const plans = plansOf(workflow);
  const scenes: Scene[] = [];
  const notPlayed: UnplayedPath[] = [];
  for (const path of paths(workflow, { coverage, fixtures }).paths) {
    if (only !== null && nameOf(path) !== only) continue;
    const found = await scriptOf(workflow, path, fixtures);
    if (found.ok) scenes.push(sceneOf(found.script, plans));
    else notPlayed.push({ path: nameOf(path), reason: found.reason });
  }
  return { scenes, plans, notPlayed };
}

function nameOf({ id }: WorkflowPath): string {
  return `path ${id}`;
}

function plansOf({ plan, bindings }: RunnableWorkflow): readonly Plan[] {
  return [...new Set([plan, ...[...bindings.children.values()].flatMap(plansOf)])];
}

function sceneOf(script: Script, plans: readonly Plan[]): Scene {
  const calls = plans.flatMap(callsOf);
  const rules: SceneRules = {
    isOrdered: plans.every((plan) => layOut(plan).stages.every(({ kind }) => kind === 'step')),
    mayAsk: calls.some(({ call }) => call.repeat === 'unsafe'),
    mayForget: plans.some(({ durability }) => durability === 'fast'),
    isRunAfresh: script.answers.some(({ move }) => move.type === 'run.retried'),
  };
  const effectOf = (effect: TaskEffect): Omit<Effect, 'life'> => {
    const { kind, runId, step: name, task, attempt, idempotencyKey: key } = effect;
    const own = calls.filter(({ call }) => call.task === task);
    return {
      kind: kind === 'undo' ? 'undo' : 'run',
      name,
      runId,
      key,
      attempt,
      isFallback: own.length > 0 && own.every(({ isFallback }) => isFallback),
      isUnsafe: kind === 'attempt' && own.some(({ call }) => call.repeat === 'unsafe'),
    };
  };
  return {
    name: nameOf(script.path),
    leaseMs: sharedLeaseMs,
    ...rules,
    play: (stage, store) => live(script, stage, store, effectOf),
  };
}

const hourMs = 3_600_000;
const sharedLeaseMs = 1_000;
/** Few looks at the clock, so that a day passes quickly; a store that is shared is polled for what another process left. */
const settingsFor = ({ shared }: Store) => ({
  leaseMs: shared ? sharedLeaseMs : hourMs,
  pollMs: shared ? sharedLeaseMs : hourMs,
  maxSleepMs: hourMs,
  // whoever plays a script again finds its run by its key, however much time has passed on the way
  keyTtlMs: 10 * 365 * 24 * hourMs,
});

/** On a shared store a timer fires when somebody looks for it. A day of looks would take long: the wall clock leaps, and then there are two. */
class PolledClock extends ManualClock {
  override advance(byMs: number): Promise<void> {
    if (byMs > sharedLeaseMs) this.jump(byMs);
    return super.advance(byMs > 0 ? 2 * sharedLeaseMs : 0);
  }
}

async function live(
  script: Script,
  stage: Stage,
  store: Store,
  effectOf: (effect: TaskEffect) => Omit<Effect, 'life'>,
): Promise<void> {
  const { life } = stage;
  const nowMs = stage.clock.nowMs();
  const clock = store.shared ? new PolledClock(nowMs) : new ManualClock(nowMs);
  stage.clock = clock;
  const nextId = () => String((stage.ids += 1)).padStart(6, '0');
  const death = new AbortController();
  void life.over.then(() => death.abort());
  const world: World = {
    store,
    clock,
    settings: settingsFor(store),
    // Whoever wakes up has lost the run to another, and waits for nothing.
    get patienceMs() {
      return life.wasSuspended ? 0 : stage.patienceMs;
    },
    comesAgain: life.number > 1,
    died: death.signal,
    ids: {
      runId: () => `run-${nextId()}`,
      token: () => `token-${nextId()}`,
      random: () => pathRandom,
    },
    around(taskEffect, work) {
      const effect = effectOf(taskEffect);
      // what must not be repeated has happened if it says so; otherwise whoever is asked says it did not
      return stage.around(effect, work, ({ ok }) => ok || effect.isUnsafe !== true);
    },
    tookEffect: ({ runId, step }) =>
      stage.effects.some(
        (effect) => effect.runId === runId && effect.name === step && effect.kind === 'run',
      ),
  };
  const doubtedBefore = (await exported(store)).map(undecidedStep);
  const { differences, runId } = await play(script, world);
  // Whoever wakes up finds that others have played on.
  if (life.wasSuspended) return;
  // After a crash the run may first have to be told what became of an attempt; where it ends up is compared in any case.
  const wrong = differences.filter(
    ({ what }) => life.number === 1 || (what !== 'state' && what !== 'status'),
  );
  const doubted = (await exported(store)).map(undecidedStep);
  if (life.number > 1 && doubted.some((step) => step !== null && !doubtedBefore.includes(step))) {
    stage.isUndecided = true;
    return undoRest(script.workflow, world, runId);
  }
  if (wrong.length === 0) return;
  const moves = script.answers.map(({ move }) => textOf(move)).join(' > ');
  throw new Broken(`Leaves its path (${moves}): ${JSON.stringify(wrong.slice(0, 3))}`);
}

interface CallOfPlan {
  readonly call: TaskCall;
  readonly isFallback: boolean;
}

function callsOf(plan: Plan): readonly CallOfPlan[] {
  return plan.nodes.flatMap((node) => {
    if (node.kind !== 'task' && node.kind !== 'map') return [];
    const tasks = node.kind === 'map' ? node.body.filter((part) => part.kind === 'task') : [node];
    return tasks.flatMap(({ call, fallback }) => [
      { call, isFallback: false },
      ...(fallback === undefined ? [] : [{ call: fallback, isFallback: true }]),
    ]);
  });
}

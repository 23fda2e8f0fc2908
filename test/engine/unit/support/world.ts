/** A random scenario as a workflow the engine can run, and an account of what its handlers do. */
import { PermanentError, TransientError } from '../../../../src/index.ts';
import type { Json } from '../../../../src/plan/json.ts';
import type { Plan } from '../../../../src/plan/plan.ts';
import type {
  Bindings,
  Contract,
  RunnableWorkflow,
  TaskBinding,
} from '../../../../src/ports/bindings.ts';
import { stepName } from '../../../chart/support/graphs.ts';
import { aPlan, aTask, attempts, from } from '../../../chart/support/plans.ts';
import { planOf, type Scenario, type Script } from '../../../chart/support/scenarios.ts';

export interface World {
  readonly workflow: RunnableWorkflow;
  /** Handlers begun, by step; of items and children by that of the step they work for. */
  readonly runs: ReadonlyMap<string, number>;
  /** Called when a handler of the step begins. */
  onRun: (step: string) => void;
  /** From now on every handler succeeds. */
  isRepaired: boolean;
}

const anything: Contract = {
  parse: (value) => ({ ok: true, value, stored: (value ?? null) as Json }),
  restore: (stored) => stored,
};

const noBindings: Bindings = {
  input: anything,
  tasks: new Map(),
  predicates: new Map(),
  mappers: new Map(),
  forms: new Map(),
  events: new Map([
    ['arrived', anything],
    ['sent', anything],
  ]),
  children: new Map(),
  context: new Map(),
  reducers: new Map(),
};

export function aWorld(scenario: Scenario): World {
  const runs = new Map<string, number>();
  const undos = new Map<string, number>();
  let calls = 0;
  const world = {
    workflow: { name: 'flow', version: 1, plan: planOf(scenario), bindings: noBindings },
    runs,
    onRun: (_step: string) => {},
    isRepaired: false,
  };

  /** Takes its time, so that handlers overlap and a crash may come in between. */
  const takeTime = async () => {
    calls += 1;
    const turns = scenario.choices[calls % scenario.choices.length]! % 4;
    for (let turn = 0; turn < turns; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
  };
  const begin = async (step: string): Promise<number> => {
    const made = (runs.get(step) ?? 0) + 1;
    runs.set(step, made);
    world.onRun(step);
    await takeTime();
    return made;
  };
  const undo = (step: string, given: Script) => async () => {
    const made = (undos.get(step) ?? 0) + 1;
    undos.set(step, made);
    await takeTime();
    if (made <= given.undoFailures) throw new TransientError('undo is busy');
    if (given.undoEnding === 'fails') throw new PermanentError('undo is impossible');
  };

  const tasks = scenario.scripts.flatMap((given, index): TaskBinding[] => {
    const step = stepName(index);
    const compensate = given.isUndoable ? undo(step, given) : null;
    return [
      aBinding(step, compensate, async ({ attempt }) => {
        await begin(step);
        if (world.isRepaired) return step;
        if (attempt <= given.transientFailures) throw new TransientError('busy');
        if (given.ending === 'fails') throw new PermanentError('broken');
        return step;
      }),
      aBinding(`${step}-spare`, compensate, async () => {
        await begin(step);
        if (given.fallbackEnding === 'fails' && !world.isRepaired)
          throw new PermanentError('broken as well');
        return step;
      }),
      aBinding(`${step}-item`, compensate, async ({ input }) => {
        await begin(step);
        if (input === 'fails' && !world.isRepaired) throw new PermanentError('broken item');
        return step;
      }),
    ];
  });
  const child = (name: string, isUndoable: boolean): RunnableWorkflow => ({
    name,
    version: 1,
    plan: childPlan(name, isUndoable),
    bindings: {
      ...noBindings,
      tasks: byName([
        aBinding('work', isUndoable ? takeTime : null, async ({ input }) => {
          const { step, ending } = input as { readonly step: string; readonly ending: string };
          await begin(step);
          if (ending === 'fails' && !world.isRepaired) throw new PermanentError('broken child');
          return step;
        }),
      ]),
    },
  });
  const children = [child('undoable-child', true), child('plain-child', false)];
  const predicates = scenario.scripts.map(
    ({ truth }, index) => [`?${stepName(index)}`, () => truth] as const,
  );
  world.workflow.bindings = {
    ...noBindings,
    tasks: byName(tasks),
    predicates: new Map(predicates),
    children: byName(children),
  };
  return world;
}

function childPlan(name: string, isUndoable: boolean): Plan {
  const compensate = isUndoable ? 'handler' : 'none';
  const work = aTask('work', [], {
    input: from('$input'),
    call: { task: 'work', compensate, undo: { retry: attempts(1) } },
  });
  return aPlan([work], { name, hash: name });
}

function aBinding(
  name: string,
  undo: (() => Promise<void>) | null,
  run: TaskBinding['run'],
): TaskBinding {
  return { name, input: anything, output: anything, failures: new Map(), key: null, run, undo };
}

function byName<T extends { readonly name: string }>(things: readonly T[]): ReadonlyMap<string, T> {
  return new Map(things.map((thing) => [thing.name, thing]));
}

// --- what must come of it ----------------------------------------------------------------------------------------------------------

/** Does the step fail for good, should it be reached? */
export function failsAtLast(given: Script): boolean {
  if (given.kind === 'fail') return true;
  if (given.kind === 'emit' || given.kind === 'sleep') return false;
  if (given.kind === 'review') return !given.isTolerant && given.ending === 'fails';
  if (given.kind === 'child') return given.ending === 'fails' && !given.isTolerant;
  if (given.kind !== 'task') return given.ending === 'fails';
  const isTried = given.transientFailures < given.maxAttempts;
  const isDone = isTried && given.ending === 'ok';
  if (isDone) return false;
  if (given.hasFallback && given.fallbackEnding === 'ok') return false;
  return !given.isTolerant;
}

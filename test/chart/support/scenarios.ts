/** Random workflows with everything that happens to them decided beforehand, and an oracle that knows nothing of charts. */
import * as fc from 'fast-check';
import type {
  ChildStep,
  Condition,
  EmitStep,
  FailStep,
  MapStep,
  Plan,
  PlanNode,
  ReviewStep,
  SleepStep,
  StepNode,
  WaitStep,
} from '../../../src/plan/plan.ts';
import { type Graph, graphs, stepName } from './graphs.ts';
import { aCall, aGate, aPlan, aPredicate, aTask, attempts, from, nothing } from './plans.ts';

export type Kind = 'task' | 'child' | 'map' | 'review' | 'wait' | 'sleep' | 'emit' | 'fail';

/** One step: what it is, and what will happen to it. */
export interface Script {
  readonly kind: Kind;
  /** Earlier steps whose predicate, or whose having run, is asked for; `null`: no gate. */
  readonly gate: GateScript | null;
  /** What the predicate over this step says. */
  readonly truth: boolean;
  readonly maxAttempts: number;
  /** Attempts that fail in a way worth a retry, before the last word. */
  readonly transientFailures: number;
  readonly ending: 'ok' | 'fails';
  readonly hasFallback: boolean;
  readonly fallbackEnding: 'ok' | 'fails';
  readonly isTolerant: boolean;
  readonly isUndoable: boolean;
  /** Of its undo: attempts that fail and are retried, then the last word. */
  readonly undoFailures: number;
  readonly undoEnding: 'ok' | 'fails';
}

export interface GateScript {
  readonly on: readonly number[];
  readonly how: 'all' | 'any' | 'not all' | 'ran' | 'not ran';
}

export interface Scenario {
  readonly graph: Graph;
  readonly scripts: readonly Script[];
  readonly onFailure: 'compensate' | 'keep';
  readonly closing: 'automatic' | 'approved' | 'rejected';
  /** Number of events after which the run is cancelled, or `null`. */
  readonly cancelAfter: number | null;
  /** Which of the things that can happen next does, turn by turn. */
  readonly choices: readonly number[];
}

const script: fc.Arbitrary<Omit<Script, 'gate'>> = fc.record({
  kind: fc.oneof(
    { weight: 12, arbitrary: fc.constant('task' as const) },
    {
      weight: 6,
      arbitrary: fc.constantFrom('child' as const, 'map', 'review', 'wait', 'sleep', 'emit'),
    },
    { weight: 1, arbitrary: fc.constant('fail' as const) },
  ),
  truth: fc.boolean(),
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  transientFailures: fc.nat({ max: 3 }),
  ending: fc.oneof(
    { weight: 7, arbitrary: fc.constant('ok' as const) },
    { weight: 1, arbitrary: fc.constant('fails' as const) },
  ),
  hasFallback: fc.oneof(
    { weight: 4, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  fallbackEnding: fc.constantFrom('ok' as const, 'fails' as const),
  isTolerant: fc.oneof(
    { weight: 4, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  isUndoable: fc.boolean(),
  undoFailures: fc.nat({ max: 3 }),
  undoEnding: fc.constantFrom('ok' as const, 'fails' as const),
});

function gateFor(step: number): fc.Arbitrary<GateScript | null> {
  if (step === 0) return fc.constant(null);
  return fc.option(
    fc.record({
      on: fc.uniqueArray(fc.nat({ max: step - 1 }), { minLength: 1, maxLength: 2 }),
      how: fc.constantFrom(
        'all' as const,
        'any' as const,
        'not all' as const,
        'ran' as const,
        'not ran' as const,
      ),
    }),
    { freq: 3 },
  );
}

/** @param maxSteps - steps of the largest workflow */
export function scenarios(maxSteps: number): fc.Arbitrary<Scenario> {
  return graphs(maxSteps).chain((graph) => {
    const size = graph.before.length;
    const scripts = graph.before.map((_, step) =>
      fc.tuple(script, gateFor(step)).map(([rest, gate]): Script => ({ ...rest, gate })),
    );
    return fc.record({
      graph: fc.constant(graph),
      scripts: fc.tuple(...scripts),
      onFailure: fc.constantFrom('compensate' as const, 'keep' as const),
      closing: fc.constantFrom('automatic' as const, 'approved' as const, 'rejected' as const),
      cancelAfter: fc.option(fc.nat({ max: 2 * size }), { freq: 5 }),
      choices: fc.array(fc.nat({ max: 1_000 }), { minLength: 8 * size, maxLength: 8 * size }),
    });
  });
}

/** Everything a step waits for: what it names, and what its gate asks about. */
export function waitsFor({ graph, scripts }: Scenario, step: number): readonly number[] {
  return [...new Set([...graph.before[step]!, ...(scripts[step]!.gate?.on ?? [])])];
}

export function planOf({ graph, scripts, onFailure, closing }: Scenario): Plan {
  const nodes = scripts.flatMap((given, step): PlanNode[] => {
    const id = stepName(step);
    const node = {
      ...nodeOf(given, id),
      after: graph.before[step]!.map(stepName),
      gates: gatesOf(given),
    };
    return [node, aPredicate(id, id)];
  });
  const approve =
    closing === 'automatic' ? ({ by: 'automatic' } as const) : ({ by: 'person' } as const);
  return aPlan(nodes, { onFailure, finish: { approve, requesterMayDecide: true } });
}

function nodeOf(given: Script, id: string): StepNode {
  const base = { id, after: [], gates: [] };
  const compensate = given.isUndoable ? 'handler' : 'none';
  const undo = { retry: attempts(3) };
  switch (given.kind) {
    case 'task':
      return aTask(id, [], {
        call: { task: id, retry: attempts(given.maxAttempts), compensate, undo },
        ...(given.hasFallback
          ? { fallback: aCall({ task: `${id}-spare`, compensate, undo }) }
          : {}),
        ...(given.isTolerant ? { tolerate: 'any' } : {}),
      });
    case 'child':
      return {
        ...base,
        kind: 'child',
        workflow: given.isUndoable ? 'undoable-child' : 'plain-child',
        version: 1,
        sensitive: [],
        input: { kind: 'literal', value: { step: id, ending: given.ending } },
        ...(given.isTolerant ? { tolerate: 'any' } : {}),
      } satisfies ChildStep;
    case 'map':
      return {
        ...base,
        kind: 'map',
        items: { kind: 'literal', value: given.ending === 'ok' ? ['ok'] : ['ok', 'fails'] },
        concurrency: 1,
        onItemFailure: 'fail',
        body: [
          aTask(`${id}-item`, [], {
            input: from('$item'),
            call: { task: `${id}-item`, compensate, undo },
          }),
        ],
        yields: from(`${id}-item`),
      } satisfies MapStep;
    case 'review':
      return {
        ...base,
        kind: 'review',
        form: {},
        notBy: [],
        requesterMayDecide: true,
        approve: given.isTolerant ? { by: 'automatic' } : { by: 'person' },
        onExpired: 'continue',
        onRejected: 'fail',
      } satisfies ReviewStep;
    case 'wait':
      return {
        ...base,
        kind: 'wait',
        event: 'arrived',
        where: [],
        withinMs: 3_600_000,
        onTimeout: 'fail',
        early: 'keep',
      } satisfies WaitStep;
    case 'sleep':
      return { ...base, kind: 'sleep', for: { kind: 'literal', value: 1_000 } } satisfies SleepStep;
    case 'emit':
      return { ...base, kind: 'emit', event: 'sent', payload: nothing } satisfies EmitStep;
    case 'fail':
      return { ...base, kind: 'fail', message: 'no way' } satisfies FailStep;
    default:
      return given.kind satisfies never;
  }
}

function gatesOf({ gate }: Script) {
  if (gate === null) return [];
  const facts = gate.on.map((step): Condition => ({ fact: `?${stepName(step)}` }));
  const ran = gate.on.map((step): Condition => ({ ran: stepName(step) }));
  const conditions: { readonly [how in GateScript['how']]: Condition } = {
    all: { all: facts },
    any: { any: facts },
    'not all': { not: { all: facts } },
    ran: { all: ran },
    'not ran': { not: { any: ran } },
  };
  return [aGate(conditions[gate.how], 'closed')];
}

/** What should be the case, worked out from the scenario and what has settled so far. */
export function oracle(scenario: Scenario, settled: ReadonlyMap<number, 'complete' | 'skipped'>) {
  const holdsFor = (step: number): boolean => {
    const { gate } = scenario.scripts[step]!;
    if (gate === null) return true;
    const truths = gate.on.map((other) => scenario.scripts[other]!.truth);
    const ran = gate.on.map((other) => now.get(other) === 'complete');
    switch (gate.how) {
      case 'all':
        return truths.every(Boolean);
      case 'any':
        return truths.some(Boolean);
      case 'not all':
        return !truths.every(Boolean);
      case 'ran':
        return ran.every(Boolean);
      case 'not ran':
        return !ran.some(Boolean);
      default:
        return gate.how satisfies never;
    }
  };
  const now = new Map(settled);
  const underWay = new Set<number>();
  // Steps wait only for steps of lower numbers, so one pass in order of number is enough.
  for (const step of scenario.scripts.keys()) {
    if (now.has(step) || !waitsFor(scenario, step).every((other) => now.has(other))) continue;
    if (holdsFor(step)) underWay.add(step);
    else now.set(step, 'skipped');
  }
  return { settled: now, underWay };
}

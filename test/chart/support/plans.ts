import type {
  Condition,
  DeriveNode,
  Gate,
  Plan,
  PlanNode,
  PredicateNode,
  RetryPolicy,
  TaskCall,
  TaskStep,
  Wiring,
} from '../../../src/plan/plan.ts';

/** A reference to the whole of a node, or to what lies below it. */
export function from(of: string, ...path: (string | number)[]): Wiring {
  return { kind: 'ref', of, path };
}

export const nothing: Wiring = { kind: 'absent' };

export function attempts(maxAttempts: number): RetryPolicy {
  return {
    maxAttempts,
    backoff: { kind: 'fixed', initialMs: 1_000, factor: 1, maxMs: 1_000, jitter: 'none' },
  };
}

export function aCall(given: Partial<TaskCall> = {}): TaskCall {
  return {
    task: 'work',
    retry: attempts(1),
    queue: 'default',
    repeat: 'safe',
    compensate: 'none',
    failures: {},
    inputSchema: {},
    outputSchema: {},
    sensitive: { input: [], output: [], detail: [] },
    ...given,
  };
}

/** A task step that waits for these steps. */
export function aTask(
  id: string,
  after: readonly string[] = [],
  given: Partial<Omit<TaskStep, 'kind' | 'id' | 'after' | 'call'>> & {
    readonly call?: Partial<TaskCall>;
  } = {},
): TaskStep {
  const { call, ...rest } = given;
  return {
    gates: [],
    input: nothing,
    ...rest,
    id,
    kind: 'task',
    after: [...after],
    call: aCall(call),
  };
}

/** A predicate called `?label` over a step. */
export function aPredicate(label: string, of: string): PredicateNode {
  return { id: `?${label}`, kind: 'predicate', label, after: [], gates: [], of: from(of) };
}

export function aDerive(id: string, source: Wiring, after: readonly string[] = []): DeriveNode {
  return { id, kind: 'derive', after: [...after], gates: [], from: source };
}

export function aGate(condition: Condition, otherwise?: string): Gate {
  return {
    condition,
    label: JSON.stringify(condition),
    ...(otherwise === undefined ? {} : { otherwise }),
  };
}

export function aPlan(nodes: readonly PlanNode[], given: Partial<Plan> = {}): Plan {
  return {
    format: 1,
    name: 'flow',
    version: 1,
    input: {},
    sensitiveInput: [],
    onFailure: 'compensate',
    stopping: 'drain',
    abortGraceMs: 10_000,
    durability: 'durable',
    startOn: [],
    events: {},
    context: {},
    nodes,
    output: nothing,
    finish: { approve: { by: 'automatic' }, requesterMayDecide: true },
    sensitiveOutput: [],
    hash: 'test',
    ...given,
  };
}

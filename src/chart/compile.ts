/** From plan to chart: stages in sequence inside `processing`, and around them the lifecycle every run goes through. */
import type { Layout, Stage } from '../plan/layout.ts';
import { isStep, type Plan, type StepNode } from '../plan/plan.ts';
import { indexPlan } from '../plan/settle.ts';
import type { Chart, ChartAction, ChartState, ChartTransition } from './chart.ts';
import { factNamesOf, factNamesOfApproval } from './conditions.ts';
import { decisionGuard, escalationTimers, stayingOpen } from './review-states.ts';
import { bySilence, deciding, drainingId, stepState, stepStateId } from './step-states.ts';

const action = (type: string, params?: ChartAction['params']): ChartAction =>
  params === undefined ? { type } : { type, params };

export function compile(plan: Plan, layout: Layout): Chart {
  const steps = new Map(plan.nodes.filter(isStep).map((step) => [step.id, step]));
  return {
    id: plan.name,
    initial: 'pending',
    states: {
      pending: {
        on: {
          'run.started': [
            {
              target: drainingId,
              guard: { type: 'faulted' },
              actions: [action('begin'), action('fail', { step: 'run' })],
            },
            { target: '#processing', actions: [action('begin'), ...timeLimit(plan)] },
          ],
          'run.cancelled': [{ target: '#cancelled', actions: [action('cancel')] }],
        },
      },
      processing: processing(plan, layout, steps),
      waiting_review: closingReview(plan),
      compensating: compensating(),
      complete: {
        id: 'complete',
        type: 'final',
        entry: [action('withdraw', { step: 'run' }), action('finish')],
      },
      failed: {
        id: 'failed',
        entry: [action('withdraw', { step: 'run' }), action('finish')],
        on: {
          'run.retried': [
            { target: 'pending', guard: { type: 'mayRetry' }, actions: [action('reset')] },
          ],
        },
      },
      cancelled: {
        id: 'cancelled',
        type: 'final',
        entry: [action('withdraw', { step: 'run' }), action('finish')],
      },
    },
  };
}

function timeLimit(plan: Plan): readonly ChartAction[] {
  return plan.timeoutMs === undefined ? [] : [action('timer', { step: 'run', name: 'timed_out' })];
}

// --- processing --------------------------------------------------------------------------------------------------------------------

function processing(plan: Plan, layout: Layout, steps: ReadonlyMap<string, StepNode>): ChartState {
  const states: Record<string, ChartState> = {};
  const stageTarget = (index: number): string => {
    const stage = layout.stages[index];
    if (stage === undefined) return '#waiting_review';
    return stage.kind === 'step' ? `#${stepStateId(stage.step)}` : `#stage:${index}`;
  };
  const lastReaders = factReaders(plan, layout);
  const index = indexPlan(plan);
  const informs = (step: string) => index.dependents.has(step) || index.askedForRun.has(step);
  for (const [index, stage] of layout.stages.entries()) {
    const built =
      stage.kind === 'step'
        ? cutState(stage.step, steps, informs, stageTarget(index + 1))
        : parallelState(stage, index, steps, informs, layout, stageTarget(index + 1));
    const over = index === 0 ? [] : (lastReaders.get(index - 1) ?? []);
    const afterParallel = layout.stages[index - 1]?.kind === 'parallel';
    const forget = over.length > 0 || afterParallel ? [action('forget', { facts: over })] : [];
    states[stage.kind === 'step' ? stage.step : `stage:${index}`] =
      forget.length === 0 ? built : { ...built, entry: [...forget, ...(built.entry ?? [])] };
  }
  if (layout.stages.length === 0) states['nothing'] = { always: [{ target: '#waiting_review' }] };
  const first = layout.stages[0];
  return {
    id: 'processing',
    initial: 'working',
    states: {
      working: {
        initial: first === undefined ? 'nothing' : first.kind === 'step' ? first.step : 'stage:0',
        states,
        on: {
          'run.cancelled': [{ target: drainingId, actions: [action('cancel')] }],
          'run.timed_out': [{ target: drainingId, actions: [action('fail', { step: 'run' })] }],
          'run.faulted': [{ target: drainingId, actions: [action('fail', { step: 'run' })] }],
        },
      },
      draining: draining(plan, steps),
    },
  };
}

function cutState(
  id: string,
  steps: ReadonlyMap<string, StepNode>,
  informs: (step: string) => boolean,
  next: string,
): ChartState {
  const step = steps.get(id);
  if (step === undefined) throw new RangeError(`No step "${id}" in the plan`);
  return stepState(step, { next, waitsFor: [], watched: false, informs: informs(id) });
}

function parallelState(
  stage: Extract<Stage, { kind: 'parallel' }>,
  index: number,
  steps: ReadonlyMap<string, StepNode>,
  informs: (step: string) => boolean,
  layout: Layout,
  next: string,
): ChartState {
  const regionOf = new Map(
    stage.chains.flatMap((chain, region) => chain.map((step) => [step, region] as const)),
  );
  const waitsFor = (step: string) =>
    (layout.precedence.get(step) ?? []).filter(
      (other) => regionOf.has(other) && regionOf.get(other) !== regionOf.get(step),
    );
  const watched = new Set([...regionOf.keys()].flatMap(waitsFor));
  const regions: Record<string, ChartState> = {};
  for (const [region, chain] of stage.chains.entries()) {
    const states: Record<string, ChartState> = {};
    for (const [position, id] of chain.entries()) {
      const step = steps.get(id);
      if (step === undefined) throw new RangeError(`No step "${id}" in the plan`);
      const following = chain[position + 1];
      states[id] = stepState(step, {
        next: following === undefined ? `#done:${index}:${region}` : `#${stepStateId(following)}`,
        waitsFor: waitsFor(id),
        watched: watched.has(id),
        informs: informs(id),
      });
    }
    states['done'] = { id: `done:${index}:${region}`, type: 'final' };
    regions[`region:${region}`] = { initial: chain[0] ?? 'done', states };
  }
  return { id: `stage:${index}`, type: 'parallel', states: regions, onDone: [{ target: next }] };
}

/** Facts by the stage after which nobody reads them any more. Facts of the closing review are read to the end. */
function factReaders(plan: Plan, layout: Layout): ReadonlyMap<number, readonly string[]> {
  const stageOf = new Map<string, number>();
  for (const [index, stage] of layout.stages.entries()) {
    for (const step of stage.kind === 'step' ? [stage.step] : stage.chains.flat())
      stageOf.set(step, index);
  }
  const lastStage = new Map<string, number>();
  for (const node of plan.nodes) {
    if (!isStep(node)) continue;
    const facts = chartFactsOf(node);
    for (const fact of facts)
      lastStage.set(fact, Math.max(lastStage.get(fact) ?? 0, stageOf.get(node.id) ?? 0));
  }
  for (const fact of factNamesOfApproval(plan.finish.approve)) lastStage.delete(fact);
  const readers = new Map<number, string[]>();
  for (const [fact, stage] of lastStage) {
    const known = readers.get(stage);
    if (known === undefined) readers.set(stage, [fact]);
    else known.push(fact);
  }
  return readers;
}

/** Facts the chart's guards read for a step. */
function chartFactsOf(step: StepNode): ReadonlySet<string> {
  const facts = new Set<string>();
  for (const gate of step.gates) factNamesOf(gate.condition, facts);
  if (step.kind === 'review') factNamesOfApproval(step.approve, facts);
  return facts;
}

export function chartFacts(plan: Plan): ReadonlySet<string> {
  const facts = new Set<string>(factNamesOfApproval(plan.finish.approve));
  for (const node of plan.nodes)
    if (isStep(node)) for (const fact of chartFactsOf(node)) facts.add(fact);
  return facts;
}

// --- stopping ----------------------------------------------------------------------------------------------------------------------

/** Where a run goes when nothing runs any more: undo first, if there is something to undo and the policy is not to keep it for a retry. */
function stoppedTransitions(plan: Plan): readonly ChartTransition[] {
  const failed: readonly ChartTransition[] =
    plan.onFailure === 'keep'
      ? [
          {
            target: '#failed',
            guard: { type: 'stopped', params: { undo: null, cancelled: false } },
          },
        ]
      : [
          {
            target: '#compensating',
            guard: { type: 'stopped', params: { undo: true, cancelled: false } },
          },
          {
            target: '#failed',
            guard: { type: 'stopped', params: { undo: false, cancelled: false } },
          },
        ];
  return [
    {
      target: '#compensating',
      guard: { type: 'stopped', params: { undo: true, cancelled: true } },
    },
    { target: '#cancelled', guard: { type: 'stopped', params: { undo: false, cancelled: true } } },
    ...failed,
  ];
}

/** Attempts under way end; what succeeds joins the undo list, what fails is not tried again. */
function draining(plan: Plan, steps: ReadonlyMap<string, StepNode>): ChartState {
  // A child has a grace of its own, and is undone before what came before it.
  const children = [...steps.values()].flatMap(({ kind, id }) => (kind === 'child' ? [id] : []));
  const on: Record<string, readonly ChartTransition[]> = {
    'run.cancelled': [{ actions: [action('cancel'), action('stop', { mode: plan.stopping })] }],
    'stop.grace_over': [{ actions: [action('giveUpRunning', { except: children })] }],
  };
  for (const step of steps.values()) {
    if (step.kind !== 'task' && step.kind !== 'child' && step.kind !== 'map') continue;
    const guard = { type: 'isRunning', params: { step: step.id } } as const;
    const undoable =
      step.kind !== 'task' ||
      step.call.compensate !== 'none' ||
      (step.fallback !== undefined && step.fallback.compensate !== 'none');
    on[`${step.id}.completed`] = [
      {
        guard,
        actions: [...(undoable ? [action('countUndo')] : []), action('untrack', { step: step.id })],
      },
    ];
    on[`${step.id}.failed`] = [
      {
        guard,
        actions: [
          ...(step.kind === 'map' ? [action('countUndo')] : []),
          action('untrack', { step: step.id }),
        ],
      },
    ];
    if (
      step.kind === 'task' &&
      (step.call.repeat === 'unsafe' || step.fallback?.repeat === 'unsafe')
    ) {
      on[`${step.id}.in_doubt`] = [
        {
          guard,
          actions: [action('doubt', { step: step.id }), action('untrack', { step: step.id })],
        },
      ];
    }
  }
  return {
    id: 'draining',
    entry: [action('stop', { mode: plan.stopping })],
    exit: [action('withdraw', { step: 'stop' })],
    always: stoppedTransitions(plan),
    on,
  };
}

// --- closing review ----------------------------------------------------------------------------------------------------------------

function closingReview(plan: Plan): ChartState {
  const complete: ChartTransition = { target: '#complete' };
  const leave = (
    then: readonly ChartAction[],
    outcome?: 'rejected',
  ): readonly ChartTransition[] => {
    const rejected = (undo: boolean) =>
      outcome === undefined
        ? ({ type: undo ? 'somethingToUndo' : 'nothingToUndo' } as const)
        : decisionGuard(plan.finish, outcome, undo);
    if (plan.onFailure === 'keep') {
      return [
        {
          target: '#failed',
          actions: then,
          ...(outcome === undefined ? {} : { guard: decisionGuard(plan.finish, outcome) }),
        },
      ];
    }
    return [
      { target: '#compensating', guard: rejected(true), actions: then },
      { target: '#failed', guard: rejected(false), actions: then },
    ];
  };
  const fail = [action('fail', { step: 'completion' })];
  const person: ChartState = {
    entry: [
      action('review', { step: 'completion', inDoubt: false }),
      ...escalationTimers('completion', plan.finish),
    ],
    exit: [action('withdraw', { step: 'completion' })],
    on: {
      ...stayingOpen('completion', plan.finish),
      'completion.decided': [
        { ...complete, guard: decisionGuard(plan.finish, 'approved') },
        ...leave(fail, 'rejected'),
      ],
      ...(plan.finish.expiresMs === undefined
        ? {}
        : {
            'completion.expired':
              plan.finish.onExpired === 'approve'
                ? [{ ...complete, guard: bySilence(plan.finish) }]
                : leave(fail),
          }),
    },
  };
  const states: Record<string, ChartState> =
    plan.finish.approve.by === 'automatic' ? {} : { person };
  if (plan.finish.approve.by !== 'person')
    states['policy'] = deciding('completion', plan.finish.approve, complete, 'person');
  return {
    id: 'waiting_review',
    tags: ['waiting_review'],
    initial: plan.finish.approve.by === 'person' ? 'person' : 'policy',
    states,
    on: {
      'run.timed_out': leave([action('fail', { step: 'run' })]),
      'run.faulted': leave([action('fail', { step: 'run' })]),
      'run.cancelled': [
        {
          target: '#compensating',
          guard: { type: 'somethingToUndo' },
          actions: [action('cancel')],
        },
        { target: '#cancelled', guard: { type: 'nothingToUndo' }, actions: [action('cancel')] },
      ],
    },
  };
}

// --- compensation ------------------------------------------------------------------------------------------------------------------

/** Next undo, undoing, done: a loop over the undo list, each entry with its own retries; a failed undo never stops the others. */
function compensating(): ChartState {
  return {
    id: 'compensating',
    initial: 'choosing',
    entry: [action('withdraw', { step: 'run' }), action('beginUndo')],
    states: {
      choosing: {
        always: [
          { target: 'undoing', guard: { type: 'undoLeft' } },
          { target: '#cancelled', guard: { type: 'undone', params: { cancelled: true } } },
          { target: '#failed', guard: { type: 'undone', params: { cancelled: false } } },
        ],
      },
      undoing: {
        entry: [action('undo')],
        on: {
          'undo.completed': [
            { target: 'choosing', actions: [action('countUndone', { failed: false })] },
          ],
          'undo.failed': [
            {
              target: 'backing_off',
              guard: { type: 'undoRetryable' },
              actions: [action('countUndoAttempt')],
            },
            { target: 'choosing', actions: [action('countUndone', { failed: true })] },
          ],
        },
      },
      backing_off: {
        entry: [action('timer', { step: 'undo', name: 'retry_due' })],
        exit: [action('withdraw', { step: 'undo' })],
        on: { 'undo.retry_due': [{ target: 'undoing' }] },
      },
    },
  };
}

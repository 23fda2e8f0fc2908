/** A plan in the words of the interface. */
import type { z } from 'zod';
import type { WorkflowReview, WorkflowStep } from '../../api/workflows.ts';
import { captionOfStep } from '../../diagram/captions.ts';
import { isStep, type Plan, type ReviewStep, type StepNode } from '../../plan/plan.ts';
import { sensitiveValues } from '../../plan/sensitive.ts';
import type { CodePlaces } from '../../ports/bindings.ts';
import { effectOf } from '../../proof/check/effects.ts';
import { codeOfStep } from '../code.ts';

type Step = z.input<typeof WorkflowStep>;
type Review = z.input<typeof WorkflowReview>;

export function stepsOf(plan: Plan): readonly StepNode[] {
  return plan.nodes.filter(isStep);
}

export function describeStep(step: StepNode, code: CodePlaces | undefined): Step {
  return {
    ...codeOfStep(step, code),
    id: step.id,
    kind: step.kind,
    description: step.description ?? null,
    caption: captionOfStep(step),
    owner: step.owner ?? null,
    conditions: [...new Set(step.gates.map(({ label }) => label))],
    effect: effectOf(step),
    task: step.kind === 'task' ? step.call.task : null,
    workflow: step.kind === 'child' ? step.workflow : null,
  };
}

/** Those of the steps, and the closing one if a person may be asked for it. */
export function describeReviews(plan: Plan): Review[] {
  const { finish } = plan;
  const own = stepsOf(plan).flatMap((step) => (step.kind === 'review' ? [ofStep(step)] : []));
  if (finish.approve.by === 'automatic') return own;
  return [
    ...own,
    {
      step: 'completion',
      description: null,
      form: {},
      approve: finish.approve.by,
      policy: finish.approve.by === 'guard' ? finish.approve.label : null,
      audience: null,
      isAssigned: finish.assignTo !== undefined,
      requesterMayDecide: finish.requesterMayDecide,
      expiresMs: finish.expiresMs ?? null,
      onExpired: null,
      onRejected: 'fail',
    },
  ];
}

function ofStep(step: ReviewStep): Review {
  return {
    step: step.id,
    description: step.description ?? null,
    form: step.form,
    approve: step.approve.by,
    policy: step.approve.by === 'guard' ? step.approve.label : null,
    audience: step.audience ?? null,
    isAssigned: step.assignTo !== undefined,
    requesterMayDecide: step.requesterMayDecide,
    expiresMs: step.expiresMs ?? null,
    onExpired: step.expiresMs === undefined ? null : step.onExpired,
    onRejected: step.onRejected,
  };
}

export function describeEvents(plan: Plan) {
  const steps = stepsOf(plan);
  return Object.entries(plan.events).map(([name, { payload }]) => ({
    name,
    payload,
    startsRun: plan.startOn.includes(name),
    awaitedBy: steps.flatMap((step) =>
      step.kind === 'wait' && step.event === name ? [step.id] : [],
    ),
    emittedBy: steps.flatMap((step) =>
      step.kind === 'emit' && step.event === name ? [step.id] : [],
    ),
  }));
}

export function describeSensitive(plan: Plan) {
  const values = sensitiveValues(plan);
  return {
    input: plan.sensitiveInput,
    output: plan.sensitiveOutput,
    steps: stepsOf(plan)
      .map(({ id, kind }) => ({
        step: id,
        value: values.of(id),
        form: kind === 'review' ? values.ofForm(id) : [],
      }))
      .filter(({ value, form }) => value.length + form.length > 0),
  };
}

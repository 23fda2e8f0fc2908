/** A review: somebody turns to it, is busy with it and decides, or it expires, or a policy decides. */
import { holdsIn } from '../../chart/conditions.ts';
import type { PlanNode } from '../../plan/plan.ts';
import { drawMs } from '../distribution.ts';
import type { ActiveRun, Next } from './active-run.ts';
import { complete, decider, failureOf, success, taskCompleted } from './events.ts';
import type { Subject } from './world.ts';

/** @param inDoubt - the question is whether an attempt took effect */
export function openReview(run: ActiveRun, step: string, inDoubt: boolean): void {
  const { subject, world, items } = run;
  const { random } = world;
  const { delay, work, approvalRate = 1 } = subject.model.reviews?.[step] ?? {};
  world.count(subject, step, 'review');
  const outcome = random() < approvalRate ? 'approved' : 'rejected';
  const lastsMs = work === undefined ? 0 : drawMs(work, random);
  const what = { step, kind: 'review' };
  items.after(what, delay === undefined ? 0 : drawMs(delay, random), () =>
    items.occupy(what, world.reviewers, lastsMs, () =>
      inDoubt ? settleDoubt(run, step) : run.send(...decision(subject, step, outcome)),
    ),
  );
  const expiresMs = inDoubt ? undefined : expiryOf(subject, step);
  if (expiresMs === undefined) return;
  items.after({ step, kind: 'expiry' }, expiresMs, () => {
    world.count(subject, step, 'expiry');
    run.send(...expiration(step, subject.index.nodes.get(step)));
  });
}

/** A policy approves, or leaves it to people. */
export function decideByPolicy(run: ActiveRun, step: string): Next {
  const node = run.subject.index.nodes.get(step);
  const approve = node?.kind === 'review' ? node.approve : run.subject.plan.finish.approve;
  const type = `${step}.decided_by_policy`;
  if (approve.by === 'guard' && !holdsIn(approve.condition, run.context().facts)) return [{ type }];
  const value = { outcome: 'approved', actor: 'policy', form: {} };
  return [{ type, outcome: 'approved' }, node?.kind === 'review' ? complete(value) : undefined];
}

function expiryOf({ plan, index }: Subject, step: string): number | undefined {
  if (step === 'completion') return plan.finish.expiresMs;
  const node = index.nodes.get(step);
  return node?.kind === 'review' ? node.expiresMs : undefined;
}

function decision({ index }: Subject, step: string, outcome: 'approved' | 'rejected'): Next {
  const node = index.nodes.get(step);
  const isRejected = outcome === 'rejected';
  const isFatal = isRejected && node?.kind === 'review' && node.onRejected === 'fail';
  const failure = isRejected ? { failure: failureOf(step, false) } : {};
  const value = { outcome, actor: decider.actor, form: {} };
  return [
    { type: `${step}.decided`, outcome, decider, ...failure },
    step === 'completion' || isFatal ? undefined : complete(value),
  ];
}

/** Of an attempt nobody knows the end of: it happened. */
function settleDoubt(run: ActiveRun, step: string): void {
  const node = run.subject.index.nodes.get(step);
  if (node?.kind !== 'task') return;
  const { undo = 0 } = taskCompleted(node, node.call);
  run.send({ type: `${step}.happened`, decider, undo }, success(node));
}

function expiration(step: string, node: PlanNode | undefined): Next {
  const type = `${step}.expired`;
  const failed: Next = [{ type, failure: failureOf(step, false) }];
  if (node?.kind !== 'review' || node.onExpired === 'fail') return failed;
  if (node.onExpired === 'reject' && node.onRejected === 'fail') return failed;
  const outcome = node.onExpired === 'reject' ? 'rejected' : 'expired';
  return [{ type }, complete({ outcome, actor: 'policy:expired' })];
}

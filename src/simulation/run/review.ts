/** A review: somebody turns to it, is busy with it and decides, or it expires, or a policy decides. */
import { holdsIn } from '../../chart/conditions.ts';
import type { Decider } from '../../chart/events.ts';
import { anyApprover } from '../../chart/quorum.ts';
import type { DecisionPolicy } from '../../plan/plan.ts';
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
  const what = { step, kind: 'review' };
  const policy = inDoubt ? {} : policyOf(subject, step);
  const { approvals = 1, rejections = 1, from } = policy;
  // Each of them looks at it on their own.
  const ask = (given: number, against: number): void => {
    const outcome = random() < approvalRate ? 'approved' : 'rejected';
    const lastsMs = work === undefined ? 0 : drawMs(work, random);
    items.after(what, delay === undefined ? 0 : drawMs(delay, random), () =>
      items.occupy(what, world.reviewers, lastsMs, () => {
        if (inDoubt) return settleDoubt(run, step);
        const facts = {
          ...(given === 0 ? {} : { given }),
          ...(against === 0 ? {} : { rejections: against }),
          ...anyApprover(from, given),
        };
        const isApproval = outcome === 'approved';
        if (isApproval ? given + 1 >= approvals : against + 1 >= rejections)
          return run.send(...decision(subject, step, outcome, facts));
        const type = `${step}.${isApproval ? 'voted' : 'objected'}`;
        run.send({ type, outcome, decider: { ...decider, ...facts } });
        return isApproval ? ask(given + 1, against) : ask(given, against + 1);
      }),
    );
  };
  ask(0, 0);
  const expiresMs = inDoubt ? undefined : policyOf(subject, step).expiresMs;
  if (expiresMs === undefined) return;
  items.after({ step, kind: 'expiry' }, expiresMs, () => {
    world.count(subject, step, 'expiry');
    run.send(...expiration(subject, step));
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

function policyOf(
  { plan, index }: Subject,
  step: string,
): DecisionPolicy & { readonly expiresMs?: number } {
  if (step === 'completion') return plan.finish;
  const node = index.nodes.get(step);
  return node?.kind === 'review' ? node : {};
}

function decision(
  { index }: Subject,
  step: string,
  outcome: 'approved' | 'rejected',
  facts: Partial<Decider>,
): Next {
  const node = index.nodes.get(step);
  const isRejected = outcome === 'rejected';
  const isFatal = isRejected && node?.kind === 'review' && node.onRejected === 'fail';
  const failure = isRejected ? { failure: failureOf(step, false) } : {};
  const value = { outcome, actor: decider.actor, form: {} };
  return [
    {
      type: `${step}.decided`,
      outcome,
      decider: Object.keys(facts).length === 0 ? decider : { ...decider, ...facts },
      ...failure,
    },
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

function expiration(subject: Subject, step: string): Next {
  const node = subject.index.nodes.get(step);
  const { expiryPolicy } = policyOf(subject, step);
  const type = `${step}.expired`;
  if (expiryPolicy !== undefined) {
    const value = { outcome: 'approved', actor: `policy:${expiryPolicy}`, form: {} };
    return [{ type, outcome: 'approved' }, node === undefined ? undefined : complete(value)];
  }
  const failed: Next = [{ type, failure: failureOf(step, false) }];
  if (node?.kind !== 'review' || node.onExpired === 'fail') return failed;
  if (node.onExpired === 'reject' && node.onRejected === 'fail') return failed;
  const outcome = node.onExpired === 'reject' ? 'rejected' : 'expired';
  return [{ type }, complete({ outcome, actor: 'policy:expired' })];
}

/** Numbers that a plan from outside may have wrong; a definition has checked its own at the door. */
import { maxDurationMs } from './duration.ts';
import { nameProblem } from './names.ts';
import type { NodeTable } from './node-table.ts';
import type {
  DecisionPolicy,
  PlanNode,
  PlanWithoutHash,
  RetryPolicy,
  ReviewStep,
  TaskCall,
} from './plan.ts';
import { definitionInvalid, didYouMean, type Place } from './problem.ts';

export function checkPolicies(plan: PlanWithoutHash, { nodes }: NodeTable): void {
  const workflow: Place = { workflow: plan.name };
  checkCount(workflow, 'version', plan.version);
  checkDuration(workflow, 'timeoutMs', plan.timeoutMs);
  checkDuration(workflow, 'abortGraceMs', plan.abortGraceMs, 0);
  checkDuration(workflow, 'finish.expiresMs', plan.finish.expiresMs);
  checkDecision({ workflow: plan.name, step: 'completion' }, plan.finish);
  if (plan.onFailed !== undefined) checkCall(workflow, plan.onFailed);
  for (const node of nodes.values()) checkNode({ workflow: plan.name, step: node.id }, node);
}

function checkNode(place: Place, node: PlanNode): void {
  switch (node.kind) {
    case 'task':
      checkCall(place, node.call);
      if (node.fallback !== undefined) checkCall(place, node.fallback);
      checkDuration(place, 'withinMs', node.withinMs);
      checkDuration(place, 'expectedMs', node.expectedMs);
      for (const code of node.tolerate === 'any' ? [] : (node.tolerate ?? [])) {
        if (Object.hasOwn(node.call.failures, code)) continue;
        throw definitionInvalid(
          place,
          `it tolerates the failure "${code}", which task "${node.call.task}" does not declare${didYouMean(code, Object.keys(node.call.failures))}`,
        );
      }
      return;
    case 'review':
      checkDuration(place, 'expiresMs', node.expiresMs);
      checkDecision(place, node);
      if (node.remind === undefined) return;
      checkDuration(place, 'remind.everyMs', node.remind.everyMs);
      checkCall(place, node.remind.call);
      return;
    case 'wait':
      checkDuration(place, 'withinMs', node.withinMs);
      return;
    case 'map':
      checkCount(place, 'concurrency', node.concurrency);
      if (node.batch !== undefined) checkCount(place, 'batch', node.batch);
      return;
    default:
  }
}

/** A review of a hundred people is none. */
const maxApprovals = 100;
const maxEscalations = 10;

function checkDecision(place: Place, policy: ReviewStep | PlanWithoutHash['finish']): void {
  const { approve, approvals, rejections, escalate = [], expiresMs } = policy;
  const { onExpired, expiryPolicy } = policy;
  if (approvals !== undefined) {
    checkCount(place, 'approvals', approvals);
    if (approvals > maxApprovals)
      throw definitionInvalid(place, `it takes ${approvals} approvals; at most ${maxApprovals}`);
    if (approve.by === 'automatic')
      throw definitionInvalid(place, 'it takes approvals of people, and a policy always approves');
  }
  if (rejections !== undefined) {
    checkCount(place, 'rejections', rejections);
    if (rejections > maxApprovals)
      throw definitionInvalid(place, `it takes ${rejections} rejections; at most ${maxApprovals}`);
  }
  if (rejections !== undefined && onExpired === 'approve')
    throw definitionInvalid(
      place,
      `nobody's objection approves it when it expires, and it takes ${rejections} rejections: an objection may stand then. Let one rejection end it`,
    );
  checkShares(place, policy);
  if (escalate.length > maxEscalations)
    throw definitionInvalid(
      place,
      `it is escalated ${escalate.length} times; at most ${maxEscalations}`,
    );
  let lastMs = 0;
  for (const [index, { afterMs, to, call }] of escalate.entries()) {
    checkDuration(place, `escalate.${index}.afterMs`, afterMs);
    if (to.length === 0) throw definitionInvalid(place, `escalation ${index + 1} names nobody`);
    if (afterMs <= lastMs)
      throw definitionInvalid(
        place,
        `escalation ${index + 1} comes no later than the one before it`,
      );
    if (expiresMs !== undefined && afterMs >= expiresMs)
      throw definitionInvalid(place, `escalation ${index + 1} comes after the review has expired`);
    if (call !== undefined) checkCall(place, call);
    lastMs = afterMs;
  }
  if ((onExpired === 'approve') !== (expiryPolicy !== undefined))
    throw definitionInvalid(
      place,
      "an approval without a person names its policy: onExpired: { approve: 'no objection within a day' }",
    );
  if (onExpired === 'approve' && expiresMs === undefined)
    throw definitionInvalid(
      place,
      'it approves when it expires, and never does: give it "expires"',
    );
}

/** Nobody is asked for what nobody could give. */
function checkShares(place: Place, { approvals = 1, from, escalate = [] }: DecisionPolicy): void {
  if (from === undefined) return;
  const groups = new Set(from.map(({ group }) => group));
  if (groups.size !== from.length)
    throw definitionInvalid(place, 'approvals.from names a group twice');
  for (const share of from) checkCount(place, `approvals.from.${share.group}`, share.approvals);
  const places = from.reduce((sum, share) => sum + share.approvals, 0);
  if (places > approvals)
    throw definitionInvalid(
      place,
      `approvals.from asks for ${places} approvals, and it takes ${approvals}`,
    );
  if (approvals < 2)
    throw definitionInvalid(
      place,
      'approvals.from of one person is what assignTo says: give it two or more',
    );
  for (const [index, { to, replace }] of escalate.entries()) {
    const missing = [...groups].filter((group) => !to.includes(group));
    if (replace === true && missing.length > 0)
      throw definitionInvalid(
        place,
        `escalation ${index + 1} replaces ${missing.map((group) => `"${group}"`).join(', ')}, without whom it cannot be approved`,
      );
  }
}

function checkCall(place: Place, call: TaskCall): void {
  const problem = nameProblem(call.task);
  if (problem !== null) throw definitionInvalid(place, problem);
  checkRetry(place, 'retry', call.retry);
  if ((call.compensate === 'handler') !== (call.undo !== undefined)) {
    const undo = call.undo === undefined ? 'no' : 'an';
    throw definitionInvalid(
      place,
      `task "${call.task}" has ${undo} undo policy, and its compensation is "${call.compensate}"`,
    );
  }
  if (call.undo !== undefined) checkRetry(place, 'undo.retry', call.undo.retry);
  if (call.breaker !== undefined) {
    checkCount(place, 'breaker.failureThreshold', call.breaker.failureThreshold);
  }
  checkDuration(place, 'timeoutMs', call.timeoutMs);
  checkDuration(place, 'heartbeatTimeoutMs', call.heartbeatTimeoutMs);
  checkDuration(place, 'undo.timeoutMs', call.undo?.timeoutMs);
  checkDuration(place, 'breaker.resetAfterMs', call.breaker?.resetAfterMs);
  checkDuration(place, 'rememberMs', call.rememberMs);
}

function checkRetry(place: Place, name: string, { maxAttempts, backoff }: RetryPolicy): void {
  checkCount(place, `${name}.maxAttempts`, maxAttempts);
  checkDuration(place, `${name}.backoff.initialMs`, backoff.initialMs, 0);
  checkDuration(place, `${name}.backoff.maxMs`, backoff.maxMs, 0);
  if (backoff.factor >= 1 && backoff.factor < Number.POSITIVE_INFINITY) return;
  throw definitionInvalid(
    place,
    `${name}.backoff.factor must be a number from 1, got ${backoff.factor}`,
  );
}

function checkDuration(place: Place, name: string, value: number | undefined, leastMs = 1): void {
  if (value === undefined) return;
  if (Number.isSafeInteger(value) && value >= leastMs && value <= maxDurationMs) return;
  throw definitionInvalid(
    place,
    `${name} must be a whole number of milliseconds from ${leastMs} to ${maxDurationMs}, got ${value}`,
  );
}

function checkCount(place: Place, name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw definitionInvalid(place, `${name} must be a whole number from 1, got ${value}`);
}

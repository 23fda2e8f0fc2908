/**
 * What must hold of a plan by itself, whether a definition made it, a store kept it or a hand wrote it: ids, references, cycles, policies. The
 * schemas of connected steps are compared in check-wiring.ts.
 */
import { checkWirings } from './check-wiring.ts';
import { excludeEachOther } from './conditions.ts';
import { dependenciesOf, readsOf, wiringsOf } from './dependencies.ts';
import { maxDurationMs } from './duration.ts';
import { idProblem, nameProblem } from './names.ts';
import type {
  Approval,
  Condition,
  PlanNode,
  PlanWithoutHash,
  RetryPolicy,
  TaskCall,
  UpdateNode,
} from './plan.ts';
import { definitionInvalid, didYouMean, type Place } from './problem.ts';
import type { KnownSchemas } from './value-shapes.ts';

/**
 * @param known - schemas that the plan does not keep; without them less can be compared
 * @throws SignalboxError DEFINITION_INVALID for the first mistake, naming workflow, step and the way out
 */
export function checkPlan(plan: PlanWithoutHash, known: Partial<KnownSchemas> = {}): void {
  new PlanCheck(plan).run();
  checkWirings(plan, known);
}

const sources: ReadonlySet<string> = new Set(['$input', '$run', '$context']);
const bodySources: ReadonlySet<string> = new Set(['$item', '$index']);

class PlanCheck {
  readonly #plan: PlanWithoutHash;
  readonly #nodes = new Map<string, PlanNode>();
  /** Of a node in the body of a map: the id of the map. */
  readonly #mapOf = new Map<string, string>();

  constructor(plan: PlanWithoutHash) {
    this.#plan = plan;
  }

  run(): void {
    const name = idProblem(this.#plan.name);
    if (name !== null) throw this.#invalid(undefined, name);
    this.#collectIds();
    for (const node of this.#plan.nodes) {
      this.#checkReferences(node);
      this.#checkPolicies(node);
      if (node.kind === 'map') for (const inner of node.body) this.#checkPolicies(inner);
    }
    this.#checkFinish();
    this.#checkCycles();
    this.#checkUpdates();
  }

  // --- ids -------------------------------------------------------------------------------------------------------------------------

  #collectIds(): void {
    for (const node of this.#plan.nodes) {
      this.#claimId(node);
      if (node.kind !== 'map') continue;
      for (const inner of node.body) {
        this.#claimId(inner);
        this.#mapOf.set(inner.id, node.id);
        const kind: string = inner.kind;
        if (kind !== 'task' && kind !== 'derive') {
          throw this.#invalid(
            inner.id,
            `the body of a map holds tasks and derives only, not "${kind}"`,
          );
        }
      }
    }
  }

  #claimId(node: PlanNode): void {
    const problem = idProblem(plainId(node));
    if (problem !== null) throw this.#invalid(undefined, problem);
    if (this.#nodes.has(node.id)) {
      throw this.#invalid(
        node.id,
        'the id is used twice; ids are unique in the whole workflow, branches and map bodies included',
      );
    }
    this.#nodes.set(node.id, node);
  }

  // --- references ------------------------------------------------------------------------------------------------------------------

  #checkReferences(node: PlanNode): void {
    for (const id of node.after) this.#checkNode(node, id, '"after"');
    for (const gate of node.gates) this.#checkCondition(node, gate.condition);
    for (const wiring of wiringsOf(node)) this.#checkReads(node, readsWithSources(wiring));
    if (node.kind === 'review') this.#checkApproval(node, node.approve);
    if (node.kind === 'choice' && 'conditions' in node.by) {
      for (const [, condition] of node.by.conditions) this.#checkCondition(node, condition);
    }
    if (node.kind === 'merge') {
      const choice = this.#checkNode(node, node.choice, 'the choice');
      if (choice.kind !== 'choice') throw this.#invalid(node.id, `"${node.choice}" is no choice`);
      for (const [name] of node.cases) this.#checkCase(node, node.choice, name);
      for (const member of node.members) this.#checkNode(node, member, 'the list of members');
    }
    if (node.kind === 'update' && !Object.hasOwn(this.#plan.context, node.key)) {
      throw this.#invalid(
        node.id,
        `"${node.key}" is no key of the run context${didYouMean(node.key, Object.keys(this.#plan.context))}`,
      );
    }
    if (node.kind === 'map') {
      for (const inner of node.body) {
        for (const id of inner.after) this.#checkNode(inner, id, '"after"');
        for (const wiring of wiringsOf(inner)) this.#checkReads(inner, readsWithSources(wiring));
        if (inner.gates.length > 0)
          throw this.#invalid(inner.id, 'nothing in the body of a map can have a condition');
      }
      this.#checkReads(node, readsWithSources(node.yields), node.id);
    }
  }

  #checkReads(node: PlanNode, reads: ReadonlySet<string>, map = this.#mapOf.get(node.id)): void {
    for (const id of reads) {
      if (sources.has(id)) continue;
      if (bodySources.has(id)) {
        if (map === undefined)
          throw this.#invalid(node.id, `"${id}" exists in the body of a map only`);
      } else this.#checkNode(node, id, 'its wiring', map);
    }
  }

  /** The node must exist, and be there whenever this one is: not in a branch or map body that this one is not in. */
  #checkNode(from: PlanNode, id: string, where: string, map = this.#mapOf.get(from.id)): PlanNode {
    if (id === from.id) {
      throw this.#invalid(from.id, `it waits for itself (${id} → ${id}); remove it from ${where}`, {
        cycle: [id, id],
      });
    }
    const node = this.#nodes.get(id);
    if (node === undefined) {
      throw this.#invalid(
        from.id,
        `${where} names "${id}", which does not exist${didYouMean(id, this.#nodes.keys())}`,
      );
    }
    const owner = this.#mapOf.get(id);
    if (owner !== undefined && owner !== map) {
      throw this.#invalid(
        from.id,
        `${where} names "${id}", which exists in the body of map "${owner}" only; read the result of the map`,
      );
    }
    this.#checkBranch(from, node, where, map);
    return node;
  }

  #checkBranch(from: PlanNode, node: PlanNode, where: string, map: string | undefined): void {
    const around = map === undefined ? from : (this.#nodes.get(map) ?? from);
    for (const { condition } of node.gates) {
      if (!('choice' in condition)) continue;
      const isInside = around.gates.some(
        (gate) =>
          'choice' in gate.condition &&
          gate.condition.choice === condition.choice &&
          gate.condition.is === condition.is,
      );
      const isMerge = from.kind === 'merge' && from.choice === condition.choice;
      if (isInside || isMerge) continue;
      throw this.#invalid(
        from.id,
        `${where} names "${node.id}", which exists in branch "${condition.is}" of "${condition.choice}" only; return it from the branch and use the result of the choice`,
      );
    }
  }

  #checkCondition(from: PlanNode, condition: Condition): void {
    if ('fact' in condition) this.#checkFact(from, condition.fact, 'predicate');
    else if ('choice' in condition) {
      this.#checkFact(from, condition.choice, 'choice');
      this.#checkCase(from, condition.choice, condition.is);
    } else if ('ran' in condition) this.#checkFact(from, condition.ran, null);
    else if ('not' in condition) this.#checkCondition(from, condition.not);
    else
      for (const part of 'all' in condition ? condition.all : condition.any)
        this.#checkCondition(from, part);
  }

  #checkFact(from: PlanNode, id: string, kind: PlanNode['kind'] | null): void {
    const node = this.#nodes.get(id);
    const step = from.id;
    if (node === undefined || this.#mapOf.has(id)) {
      throw this.#invalid(
        step,
        `a condition names "${id}", which does not exist${didYouMean(id, this.#nodes.keys())}`,
      );
    }
    if (id === from.id)
      throw this.#invalid(step, `its condition waits for itself (${id} → ${id})`, {
        cycle: [id, id],
      });
    if (kind !== null && node.kind !== kind)
      throw this.#invalid(step, `a condition names "${id}", which is no ${kind}`);
    // Choices and runs inside other branches are asked for by w.ifRan; a predicate there would have no answer.
    if (kind === 'predicate') this.#checkBranch(from, node, 'a condition', undefined);
  }

  #checkCase(from: PlanNode, id: string, name: string): void {
    const choice = this.#nodes.get(id);
    if (choice?.kind !== 'choice') return;
    const names =
      'conditions' in choice.by ? choice.by.conditions.map(([each]) => each) : choice.by.cases;
    if (names.includes(name) || choice.by.otherwise === name) return;
    throw this.#invalid(
      from.id,
      `choice "${id}" has no branch "${name}"${didYouMean(name, names)}`,
    );
  }

  #checkApproval(from: PlanNode, approval: Approval): void {
    if (approval.by === 'guard') this.#checkCondition(from, approval.condition);
  }

  #checkFinish(): void {
    const end: PlanNode = { id: 'completion', kind: 'fail', after: [], gates: [], message: '' };
    this.#checkReads(end, readsWithSources(this.#plan.output));
    if (this.#plan.finish.assignTo !== undefined)
      this.#checkReads(end, readsWithSources(this.#plan.finish.assignTo));
    this.#checkApproval(end, this.#plan.finish.approve);
    if (this.#plan.finish.expiresMs !== undefined)
      this.#checkDuration('completion', 'expiresMs', this.#plan.finish.expiresMs, 1);
  }

  // --- policies --------------------------------------------------------------------------------------------------------------------

  #checkPolicies(node: PlanNode): void {
    const duration = (name: string, value: number | undefined) => {
      if (value !== undefined) this.#checkDuration(node.id, name, value, 1);
    };
    switch (node.kind) {
      case 'task':
        this.#checkCall(node.id, node.call);
        if (node.fallback !== undefined) this.#checkCall(node.id, node.fallback);
        duration('withinMs', node.withinMs);
        duration('expectedMs', node.expectedMs);
        for (const code of node.tolerate === 'any' ? [] : (node.tolerate ?? [])) {
          if (!node.call.failures.includes(code)) {
            throw this.#invalid(
              node.id,
              `it tolerates the failure "${code}", which task "${node.call.task}" does not declare${didYouMean(code, node.call.failures)}`,
            );
          }
        }
        return;
      case 'review':
        duration('expiresMs', node.expiresMs);
        if (node.remind !== undefined) {
          duration('remind.everyMs', node.remind.everyMs);
          this.#checkCall(node.id, node.remind.call);
        }
        return;
      case 'wait':
        duration('withinMs', node.withinMs);
        return;
      case 'map':
        this.#checkCount(node.id, 'concurrency', node.concurrency);
        if (node.batch !== undefined) this.#checkCount(node.id, 'batch', node.batch);
        return;
      default:
    }
  }

  #checkCall(step: string, call: TaskCall): void {
    const problem = nameProblem(call.task);
    if (problem !== null) throw this.#invalid(step, problem);
    this.#checkRetry(step, call.retry);
    if (call.undo !== undefined) this.#checkRetry(step, call.undo.retry);
    if ((call.compensate === 'handler') !== (call.undo !== undefined)) {
      throw this.#invalid(
        step,
        `task "${call.task}" has ${call.undo === undefined ? 'no' : 'an'} undo policy, and its compensation is "${call.compensate}"`,
      );
    }
    for (const [name, value] of [
      ['timeoutMs', call.timeoutMs],
      ['heartbeatTimeoutMs', call.heartbeatTimeoutMs],
      ['undo.timeoutMs', call.undo?.timeoutMs],
      ['breaker.resetAfterMs', call.breaker?.resetAfterMs],
      ['rememberMs', call.rememberMs],
    ] as const) {
      if (value !== undefined) this.#checkDuration(step, name, value, 1);
    }
    if (call.breaker !== undefined)
      this.#checkCount(step, 'breaker.failureThreshold', call.breaker.failureThreshold);
  }

  #checkRetry(step: string, { maxAttempts, backoff }: RetryPolicy): void {
    this.#checkCount(step, 'retry.maxAttempts', maxAttempts);
    this.#checkDuration(step, 'retry.backoff.initialMs', backoff.initialMs, 0);
    this.#checkDuration(step, 'retry.backoff.maxMs', backoff.maxMs, 0);
    if (!(backoff.factor >= 1 && backoff.factor < Number.POSITIVE_INFINITY)) {
      throw this.#invalid(
        step,
        `retry.backoff.factor must be a number from 1, got ${backoff.factor}`,
      );
    }
  }

  #checkDuration(step: string, name: string, value: number, leastMs: number): void {
    if (Number.isSafeInteger(value) && value >= leastMs && value <= maxDurationMs) return;
    throw this.#invalid(
      step,
      `${name} must be a whole number of milliseconds from ${leastMs} to ${maxDurationMs}, got ${value}`,
    );
  }

  #checkCount(step: string, name: string, value: number): void {
    if (Number.isSafeInteger(value) && value >= 1) return;
    throw this.#invalid(step, `${name} must be a whole number from 1, got ${value}`);
  }

  // --- order -----------------------------------------------------------------------------------------------------------------------

  #checkCycles(): void {
    this.#checkCycleAmong(this.#plan.nodes);
    for (const node of this.#plan.nodes) if (node.kind === 'map') this.#checkCycleAmong(node.body);
  }

  /** Depth first, without recursion: a chain of 10,000 steps must not overflow the stack. */
  #checkCycleAmong(nodes: readonly PlanNode[]): void {
    const own = new Map(nodes.map((node) => [node.id, node]));
    const done = new Set<string>();
    for (const start of nodes) {
      const path: { readonly id: string; readonly rest: string[] }[] = [];
      const open = new Set<string>();
      const enter = (node: PlanNode) => {
        open.add(node.id);
        path.push({ id: node.id, rest: [...dependenciesOf(node)] });
      };
      if (!done.has(start.id)) enter(start);
      for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
        const next = top.rest.pop();
        if (next === undefined) {
          path.pop();
          open.delete(top.id);
          done.add(top.id);
        } else if (open.has(next)) {
          // The path runs from each node to what it waits for; people read it in the order of execution.
          const ids = path.map((each) => each.id);
          const cycle = [next, ...ids.slice(ids.indexOf(next)).toReversed()];
          throw this.#invalid(
            next,
            `steps wait for each other: ${cycle.join(' → ')}; remove one of these dependencies`,
            { cycle },
          );
        } else if (!done.has(next)) {
          const node = own.get(next);
          if (node !== undefined) enter(node);
        }
      }
    }
  }

  /** Of two unordered writers that replace a value nobody could say who wins. */
  #checkUpdates(): void {
    const byKey = Map.groupBy(
      this.#plan.nodes.filter((node) => node.kind === 'update'),
      (node) => node.key,
    );
    for (const [key, updates] of byKey) {
      if (this.#plan.context[key]?.reduce !== 'replace') continue;
      const behind = updates.map((update) => this.#ancestorsOf(update));
      for (const [index, update] of updates.entries()) {
        for (let other = 0; other < index; other++) {
          const before = updates[other]!;
          if (excludeEachOther(before.gates, update.gates)) continue;
          if (isBefore(before, behind[index]!) || isBefore(update, behind[other]!)) continue;
          throw this.#invalid(
            update.id,
            `"${key}" is replaced by two updates that nothing puts in order (${updateText(before)} and ${updateText(update)}); order their steps with "after" or w.sequence, or reduce "${key}" in another way`,
          );
        }
      }
    }
  }

  #ancestorsOf(node: PlanNode): ReadonlySet<string> {
    const found = new Set<string>();
    const pending: PlanNode[] = [node];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (const id of dependenciesOf(next)) {
        const dependency = this.#nodes.get(id);
        if (dependency === undefined || found.has(id)) continue;
        found.add(id);
        pending.push(dependency);
      }
    }
    return found;
  }

  #invalid(
    step: string | undefined,
    problem: string,
    details?: Readonly<Record<string, unknown>>,
  ): Error {
    const place: Place =
      step === undefined ? { workflow: this.#plan.name } : { workflow: this.#plan.name, step };
    return definitionInvalid(place, problem, details === undefined ? {} : { details });
  }
}

/** An update takes effect when the last of its sources settles, so it is before whatever waits for all of them. */
function isBefore(update: UpdateNode, ancestors: ReadonlySet<string>): boolean {
  if (ancestors.has(update.id)) return true;
  return [...dependenciesOf(update)].every((id) => ancestors.has(id));
}

function updateText(update: UpdateNode): string {
  const reads = [...readsOf(update.value)];
  return reads.length === 0
    ? `"${update.id}"`
    : `"${update.id}" from ${reads.map((id) => `"${id}"`).join(', ')}`;
}

/** The id as its author wrote it, without the mark that says what it is. */
function plainId(node: PlanNode): string {
  switch (node.kind) {
    case 'predicate':
      // Labels are texts for people; their mark keeps them apart from everything else.
      return node.id.startsWith('?') && node.id.length > 1 ? 'predicate' : node.id;
    case 'merge':
      return node.id.replace(/\.merged$/, '');
    case 'milestone':
      return node.id.replace(/\.reached$/, '');
    case 'update':
      return node.id.replace(/\.updated(?:\.\d+)?$/, '');
    default:
      return node.id;
  }
}

/** Like `readsOf`, sources such as `$item` included. */
function readsWithSources(wiring: Parameters<typeof readsOf>[0]): ReadonlySet<string> {
  const found = new Set<string>();
  const pending = [wiring];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === 'ref') found.add(next.of);
    else if (next.kind === 'object') pending.push(...next.entries.map(([, value]) => value));
    else if (next.kind === 'array') pending.push(...next.items);
  }
  return found;
}

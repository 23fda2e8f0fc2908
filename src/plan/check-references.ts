/** What a node names exists, and is there whenever the node is. */

import { wiringsOf } from './dependencies.ts';
import type { NodeTable } from './node-table.ts';
import {
  type Condition,
  type Gate,
  isStep,
  type PlanNode,
  type PlanWithoutHash,
  type Wiring,
} from './plan.ts';
import { definitionInvalid, didYouMean } from './problem.ts';

export function checkReferences(plan: PlanWithoutHash, table: NodeTable): void {
  new ReferenceCheck(plan, table).run();
}

/** Who names others, and where it stands. */
interface Reader {
  readonly id: string;
  readonly gates: readonly Gate[];
  /** The map in whose body it stands. */
  readonly map: string | null;
}

const sources: ReadonlySet<string> = new Set(['$input', '$run', '$context']);
const bodySources: ReadonlySet<string> = new Set(['$item', '$index']);

class ReferenceCheck {
  readonly #plan: PlanWithoutHash;
  readonly #table: NodeTable;

  constructor(plan: PlanWithoutHash, table: NodeTable) {
    this.#plan = plan;
    this.#table = table;
  }

  run(): void {
    for (const node of this.#plan.nodes) this.#checkNode(node);
    const { approve, assignTo } = this.#plan.finish;
    const end: Reader = { id: 'completion', gates: [], map: null };
    this.#checkReads(end, this.#plan.output);
    if (assignTo !== undefined) this.#checkReads(end, assignTo);
    if (approve.by === 'guard') this.#checkCondition(end, approve.condition);
  }

  #checkNode(node: PlanNode): void {
    const reader: Reader = { id: node.id, gates: node.gates, map: null };
    for (const id of node.after) this.#checkVisible(reader, id, '"after"');
    for (const gate of node.gates) this.#checkCondition(reader, gate.condition);
    if (node.kind !== 'merge')
      for (const wiring of wiringsOf(node)) this.#checkReads(reader, wiring);
    switch (node.kind) {
      case 'task':
        this.#checkProtected(reader, node.protects);
        return;
      case 'review':
        this.#checkProtected(reader, node.protects);
        if (node.approve.by === 'guard') this.#checkCondition(reader, node.approve.condition);
        return;
      case 'choice':
        if (!('conditions' in node.by)) return;
        for (const [, condition] of node.by.conditions) this.#checkCondition(reader, condition);
        return;
      case 'merge': {
        const choice = this.#checkVisible(reader, node.choice, 'the choice');
        if (choice.kind !== 'choice') throw this.#invalid(node.id, `"${node.choice}" is no choice`);
        for (const [name, value] of node.cases) {
          this.#checkCase(reader, node.choice, name);
          const taken: Gate = { condition: { choice: node.choice, is: name }, label: name };
          this.#checkReads({ ...reader, gates: [...node.gates, taken] }, value);
        }
        for (const member of node.members) this.#find(reader, member, 'the list of members');
        return;
      }
      case 'update': {
        const keys = Object.keys(this.#plan.context);
        if (keys.includes(node.key)) return;
        throw this.#invalid(
          node.id,
          `"${node.key}" is no key of the run context${didYouMean(node.key, keys)}`,
        );
      }
      case 'map':
        for (const inner of node.body) {
          const { kind, gates }: PlanNode = inner;
          if (!['task', 'derive'].includes(kind)) {
            throw this.#invalid(
              inner.id,
              `the body of a map holds tasks and derives only, not "${kind}"`,
            );
          }
          if (gates.length > 0) {
            throw this.#invalid(inner.id, 'nothing in the body of a map can have a condition');
          }
          const innerReader: Reader = { id: inner.id, gates: node.gates, map: node.id };
          if (inner.kind === 'task' && inner.protects !== undefined) {
            throw this.#invalid(
              inner.id,
              'nothing in the body of a map can protect a step: it runs once an item; let the step before or after the map do so',
            );
          }
          for (const id of inner.after) this.#checkVisible(innerReader, id, '"after"');
          for (const wiring of wiringsOf(inner)) this.#checkReads(innerReader, wiring);
        }
        this.#checkReads({ ...reader, map: node.id }, node.yields);
        return;
      default:
    }
  }

  /** Names steps of the run itself, or `completion`: whether it does protect them, `check` says. */
  #checkProtected(reader: Reader, names: readonly string[] = []): void {
    for (const name of names) {
      if (name === 'completion') continue;
      if (name === reader.id) throw this.#invalid(name, 'it cannot protect itself');
      const node = this.#table.nodes.get(name);
      if (node === undefined) {
        throw this.#invalid(
          reader.id,
          `"protects" names "${name}", which does not exist; name a step, or "completion" for the end of the run${didYouMean(name, this.#table.nodes.keys())}`,
        );
      }
      const owner = this.#table.mapOf.get(name);
      if (owner !== undefined)
        throw this.#invalid(reader.id, `"protects" names "${name}"; name its map, "${owner}"`);
      if (!isStep(node)) {
        throw this.#invalid(
          reader.id,
          `"protects" names "${name}", which is no step but a ${node.kind}; name the steps that read it`,
        );
      }
    }
  }

  #checkReads(reader: Reader, wiring: Wiring): void {
    const pending = [wiring];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (next.kind === 'object') pending.push(...next.entries.map(([, value]) => value));
      else if (next.kind === 'array') pending.push(...next.items);
      else if (next.kind === 'ref') {
        if (!next.of.startsWith('$')) this.#checkVisible(reader, next.of, 'its wiring');
        else if (bodySources.has(next.of) && reader.map === null) {
          throw this.#invalid(reader.id, `"${next.of}" exists in the body of a map only`);
        } else if (!bodySources.has(next.of) && !sources.has(next.of)) {
          throw this.#invalid(
            reader.id,
            `its wiring names "${next.of}", which does not exist${didYouMean(next.of, [...sources, ...bodySources])}`,
          );
        }
      }
    }
  }

  /** The node exists, and stands in no branch or map body that the reader does not stand in. */
  #checkVisible(reader: Reader, id: string, where: string): PlanNode {
    const node = this.#find(reader, id, where);
    const owner = this.#table.mapOf.get(id);
    if (owner !== undefined && owner !== reader.map) {
      throw this.#invalid(
        reader.id,
        `${where} names "${id}", which exists in the body of map "${owner}" only; read the result of the map`,
      );
    }
    for (const { condition } of node.gates) {
      if (!('choice' in condition)) continue;
      const isInside = reader.gates.some(
        ({ condition: own }) =>
          'choice' in own && own.choice === condition.choice && own.is === condition.is,
      );
      if (isInside) continue;
      throw this.#invalid(
        reader.id,
        `${where} names "${id}", which exists in branch "${condition.is}" of "${condition.choice}" only; return it from the branch and use the result of the choice`,
      );
    }
    return node;
  }

  #find(reader: Reader, id: string, where: string): PlanNode {
    if (id === reader.id) {
      throw this.#invalid(id, `it waits for itself (${id} → ${id}); remove it from ${where}`, {
        cycle: [id, id],
      });
    }
    const node = this.#table.nodes.get(id);
    if (node !== undefined) return node;
    throw this.#invalid(
      reader.id,
      `${where} names "${id}", which does not exist${didYouMean(id, this.#table.nodes.keys())}`,
    );
  }

  #checkCondition(reader: Reader, condition: Condition): void {
    if ('fact' in condition) {
      const node = this.#checkVisible(reader, condition.fact, 'a condition');
      if (node.kind !== 'predicate') {
        throw this.#invalid(
          reader.id,
          `a condition names "${condition.fact}", which is no predicate`,
        );
      }
    } else if ('choice' in condition) {
      // Choices and runs inside other branches may be asked for: w.ifRan does, of what a choice has yielded.
      const node = this.#find(reader, condition.choice, 'a condition');
      if (node.kind !== 'choice') {
        throw this.#invalid(
          reader.id,
          `a condition names "${condition.choice}", which is no choice`,
        );
      }
      this.#checkCase(reader, condition.choice, condition.is);
    } else if ('ran' in condition) {
      this.#find(reader, condition.ran, 'a condition');
    } else if ('not' in condition) {
      this.#checkCondition(reader, condition.not);
    } else {
      const parts = 'all' in condition ? condition.all : condition.any;
      for (const part of parts) this.#checkCondition(reader, part);
    }
  }

  #checkCase(reader: Reader, id: string, name: string): void {
    const choice = this.#table.nodes.get(id);
    if (choice?.kind !== 'choice') return;
    const { by } = choice;
    const names = 'conditions' in by ? by.conditions.map(([each]) => each) : by.cases;
    if (names.includes(name) || by.otherwise === name) return;
    throw this.#invalid(
      reader.id,
      `choice "${id}" has no branch "${name}"${didYouMean(name, names)}`,
    );
  }

  #invalid(step: string, problem: string, details: Readonly<Record<string, unknown>> = {}): Error {
    return definitionInvalid({ workflow: this.#plan.name, step }, problem, { details });
  }
}

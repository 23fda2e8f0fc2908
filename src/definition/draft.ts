import { idProblem } from '../plan/names.ts';
import type { Gate, PlanNode } from '../plan/plan.ts';
import { definitionInvalid, type Place } from '../plan/problem.ts';
import type { CodePlace, RunnableWorkflow } from '../ports/bindings.ts';
import { callerPlace } from './code-place.ts';
import type { EventParts } from './event.ts';
import {
  createRef,
  type GuardParts,
  guardParts,
  type RefParts,
  refParts,
  refText,
} from './reference.ts';
import type { SchemaParts } from './schema-parts.ts';
import type { Scope } from './scope.ts';
import type { TaskParts } from './task.ts';
import type { Ref } from './types.ts';

/** A workflow while it is being defined. */
export class Draft {
  readonly workflow: string;
  readonly root: Scope;
  scope: Scope;
  isClosed = false;
  /** Id of every node, also of those inside map bodies, to where it is declared. */
  readonly ids = new Map<string, Scope>();
  /** Every node by id, but those inside map bodies. */
  readonly nodes = new Map<string, PlanNode>();
  readonly tasks = new Map<string, TaskParts>();
  readonly predicates = new Map<string, (value: unknown) => unknown>();
  readonly mappers = new Map<string, (value: unknown) => unknown>();
  readonly forms = new Map<string, SchemaParts>();
  readonly events = new Map<string, EventParts>();
  readonly children = new Map<string, RunnableWorkflow>();
  /** By id of the node: where it is declared. */
  readonly places = new Map<string, () => CodePlace | null>();

  constructor(workflow: string) {
    this.workflow = workflow;
    this.root = {
      draft: this,
      parent: null,
      title: 'the workflow itself',
      gates: [],
      nodes: [],
      isBody: false,
      members: [],
      sequence: null,
    };
    this.scope = this.root;
  }

  place(step?: string): Place {
    return step === undefined ? { workflow: this.workflow } : { workflow: this.workflow, step };
  }

  /** @throws SignalboxError DEFINITION_INVALID once `steps` has returned, or if the id is unsafe or taken */
  claimId(id: string): void {
    this.checkOpen();
    const problem = idProblem(id);
    if (problem !== null) throw definitionInvalid(this.place(), problem);
    this.checkFree(id);
  }

  checkOpen(): void {
    if (this.isClosed) {
      throw definitionInvalid(
        this.place(),
        '`w` is used after `steps` has returned; declare every step inside `steps`, synchronously',
      );
    }
  }

  checkFree(id: string): void {
    const taken = this.ids.get(id);
    if (taken !== undefined) {
      throw definitionInvalid(
        this.place(id),
        `the id is used twice, first in ${taken.title}; ids are unique in the whole workflow, branches and map bodies included`,
      );
    }
  }

  /** Adds a node at the current place, which gives it the gates of the branches around and its turn in a sequence. */
  add<N extends PlanNode>(
    node: N,
    options: { readonly isOrdered: boolean } = { isOrdered: true },
  ): Ref<unknown> {
    const { scope } = this;
    this.checkFree(node.id);
    this.ids.set(node.id, scope);
    this.places.set(node.id, callerPlace());
    const turn = options.isOrdered ? scope.sequence?.last : null;
    const after = turn == null || node.after.includes(turn) ? node.after : [...node.after, turn];
    const added = { ...node, after, gates: [...scope.gates, ...node.gates] };
    scope.nodes.push(added);
    if (!scope.isBody) this.nodes.set(node.id, added);
    for (
      let around: Scope | null = scope;
      around !== null && !around.isBody;
      around = around.parent
    ) {
      around.members.push(node.id);
    }
    if (options.isOrdered && scope.sequence !== null) scope.sequence.last = node.id;
    return this.refTo(node.id);
  }

  refTo(of: string, path: readonly (string | number)[] = []): Ref<unknown> {
    return createRef({ of, path, scope: this.scope });
  }

  /** Declares inside a scope of its own. */
  within<R>(
    inner: Partial<Pick<Scope, 'gates' | 'nodes' | 'isBody'>> & { readonly title: string },
    declare: () => R,
  ): { result: R; scope: Scope } {
    const outer = this.scope;
    const scope: Scope = {
      draft: this,
      parent: outer,
      title: inner.title,
      gates: inner.gates ?? outer.gates,
      nodes: inner.nodes ?? outer.nodes,
      isBody: inner.isBody ?? outer.isBody,
      members: [],
      sequence:
        outer.sequence === null || inner.isBody === true ? null : { last: outer.sequence.last },
    };
    this.scope = scope;
    try {
      return { result: declare(), scope };
    } finally {
      this.scope = outer;
    }
  }

  isInSight(declaredIn: Scope): boolean {
    for (let scope: Scope | null = this.scope; scope !== null; scope = scope.parent) {
      if (scope === declaredIn) return true;
    }
    return false;
  }

  /** @throws SignalboxError DEFINITION_INVALID if the reference is of another workflow or has left its branch */
  checkVisible(place: Place, parts: RefParts | GuardParts): void {
    const name = 'of' in parts ? `the reference "${refText(parts)}"` : `the guard "${parts.label}"`;
    if (parts.scope.draft !== this) {
      throw definitionInvalid(
        place,
        `${name} belongs to another workflow ("${parts.scope.draft.workflow}"); pass the value as input, or call that workflow with w.child`,
      );
    }
    if (this.isInSight(parts.scope)) return;
    const wayOut = parts.scope.isBody
      ? 'return it from the body and read the result of the map'
      : 'return it from the branch and read the result of the choice';
    throw definitionInvalid(
      place,
      `${name} has left ${parts.scope.title}, where alone it exists; ${wayOut}`,
    );
  }

  /** @throws SignalboxError DEFINITION_INVALID if it is no reference, or one that must not be used here */
  ref(place: Place, value: unknown, what: string): RefParts {
    const parts = refParts(value);
    if (parts === null)
      throw definitionInvalid(place, `${what} must be a reference, as the steps and w.input are`);
    this.checkVisible(place, parts);
    return parts;
  }

  guard(place: Place, value: unknown, what: string): GuardParts {
    const parts = guardParts(value);
    if (parts === null)
      throw definitionInvalid(
        place,
        `${what} must be a guard, made by w.is, w.not, w.all or w.any`,
      );
    this.checkVisible(place, parts);
    return parts;
  }

  gate(place: Place, when: unknown): readonly Gate[] {
    return when === undefined ? [] : [toGate(this.guard(place, when, 'option "when"'))];
  }

  /** Names of nodes; texts are taken as they are and resolved when all steps are known. */
  after(place: Place, given: readonly unknown[] | undefined): readonly string[] {
    const ids = (given ?? []).map((each) => {
      if (typeof each === 'string') return each;
      const parts = this.ref(place, each, 'each of "after"');
      if (parts.of.startsWith('$')) {
        throw definitionInvalid(
          place,
          `"after" names "${refText(parts)}", which is there from the start; name steps only`,
        );
      }
      return parts.of;
    });
    return [...new Set(ids)];
  }

  useTask(place: Place, parts: TaskParts): void {
    const { name } = parts.binding;
    const known = this.tasks.get(name);
    if (known !== undefined && known !== parts) {
      throw definitionInvalid(
        place,
        `two different tasks are named "${name}"; a stored run finds its handler by that name, so rename one`,
      );
    }
    this.tasks.set(name, parts);
  }

  useEvent(place: Place, parts: EventParts): void {
    const known = this.events.get(parts.name);
    if (known !== undefined && known !== parts) {
      throw definitionInvalid(place, `two different events are named "${parts.name}"; rename one`);
    }
    this.events.set(parts.name, parts);
  }
}

export function toGate(parts: GuardParts): Gate {
  return {
    condition: parts.condition,
    label: parts.label,
    ...(parts.otherwise !== undefined && { otherwise: parts.otherwise }),
  };
}

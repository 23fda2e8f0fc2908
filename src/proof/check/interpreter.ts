/**
 * The chart's data interpreted by the rules of SCXML, without XState: which transitions an event takes, what they leave, enter and do. Only the
 * meaning of single guards and assignments is shared with the machine; what is chosen, in which order, and what becomes active is worked out
 * here anew.
 */
import type { ChartAction, ChartGuard } from '../../chart/chart.ts';
import type { ChartContext } from '../../chart/context.ts';
import type { ChartEvent } from '../../chart/events.ts';
import { isOpen } from '../../chart/guards.ts';
import { type Assignment, effectNames } from '../../chart/machine.ts';
import { type Edge, isWithin, type StateGraph } from './state-graph.ts';

export interface Configuration {
  /** Active states in document order, the root included. */
  readonly active: readonly number[];
  readonly context: ChartContext;
}

export interface Reaction {
  readonly next: Configuration;
  /** Transitions taken, in order. */
  readonly taken: readonly Edge[];
  /** Effects asked for: their names and parameters, in order. */
  readonly effects: readonly ChartAction[];
}

export interface Interpreter {
  /** @returns `null` if no transition accepts the event */
  react(configuration: Configuration, event: ChartEvent): Reaction | null;
}

const effects: ReadonlySet<string> = new Set(effectNames);

/** Steps of one reaction; a chart that needs more goes round in circles. */
const maxMicrosteps = 100_000;

export function createInterpreter(
  graph: StateGraph,
  assignments: { readonly [name: string]: Assignment },
): Interpreter {
  return {
    react(configuration, event) {
      const reaction = new Reacting(graph, assignments, configuration, event);
      return reaction.run();
    },
  };
}

class Reacting {
  readonly #graph: StateGraph;
  readonly #assignments: { readonly [name: string]: Assignment };
  /** What actions and guards read: the event received, or the one that says that a parallel state is done. */
  #event: ChartEvent;
  /** In order of entry, as long as the reaction lasts: of two eventless transitions that exclude each other the first one's counts. */
  readonly #active: Set<number>;
  readonly #taken: Edge[] = [];
  readonly #effects: ChartAction[] = [];
  /** Parallel states all of whose regions are done. */
  readonly #done: number[] = [];
  #context: ChartContext;
  #isOver = false;

  constructor(
    graph: StateGraph,
    assignments: { readonly [name: string]: Assignment },
    { active, context }: Configuration,
    event: ChartEvent,
  ) {
    this.#graph = graph;
    this.#assignments = assignments;
    this.#active = new Set(active);
    this.#context = context;
    this.#event = event;
  }

  run(): Reaction | null {
    const first = this.#select((edge) => edge.via === 'event' && edge.event === this.#event.type);
    if (first.length === 0) return null;
    this.#step(first);
    for (let steps = 0; !this.#isOver && steps < maxMicrosteps; steps += 1) {
      const eventless = this.#select((edge) => edge.via === 'always');
      if (eventless.length > 0) {
        this.#step(eventless);
        continue;
      }
      const done = this.#done.shift();
      if (done === undefined) break;
      this.#event = { type: `done.state.${this.#graph.node(done).path}` };
      this.#step(this.#select((edge) => edge.via === 'done' && edge.source === done));
    }
    const active = [...this.#active].sort((a, b) => a - b);
    return {
      next: { active, context: this.#context },
      taken: this.#taken,
      effects: this.#effects,
    };
  }

  /** Of every active state without active children the first transition that is open, its own or of a state around it. */
  #select(isMeant: (edge: Edge) => boolean): readonly Edge[] {
    const selected = new Set<Edge>();
    for (const index of this.#active) {
      const node = this.#graph.node(index);
      if (node.kind !== 'atomic' && node.kind !== 'final') continue;
      const edge = this.#firstOpen(index, isMeant);
      if (edge !== null) selected.add(edge);
    }
    return this.#withoutConflicts([...selected]);
  }

  #firstOpen(index: number, isMeant: (edge: Edge) => boolean): Edge | null {
    for (let at = index; ; at = this.#graph.node(at).parent) {
      for (const edge of this.#graph.from[at] ?? [])
        if (isMeant(edge) && this.#isOpen(edge.guard)) return edge;
      if (at === 0) return null;
    }
  }

  #isOpen(guard: ChartGuard | null): boolean {
    return guard === null || isOpen(guard, this.#context, this.#event);
  }

  /** Two that would leave the same state exclude each other: the inner one counts, else the first. */
  #withoutConflicts(edges: readonly Edge[]): readonly Edge[] {
    if (edges.length < 2) return edges;
    const kept = new Set<Edge>();
    for (const edge of edges) {
      const outer: Edge[] = [];
      let isPreempted = false;
      for (const other of kept) {
        if (!this.#leavesSame(edge, other)) continue;
        const isInner =
          edge.source !== other.source &&
          isWithin(this.#graph.node(edge.source), this.#graph.node(other.source));
        if (isInner) outer.push(other);
        else {
          isPreempted = true;
          break;
        }
      }
      if (isPreempted) continue;
      for (const other of outer) kept.delete(other);
      kept.add(edge);
    }
    return [...kept];
  }

  #leavesSame(a: Edge, b: Edge): boolean {
    if (a.target === null || b.target === null) return false;
    const [one, other] = [this.#graph.node(a.domain), this.#graph.node(b.domain)];
    return isWithin(one, other) || isWithin(other, one);
  }

  #step(edges: readonly Edge[]): void {
    const left = new Set<number>();
    for (const { target, domain } of edges) {
      if (target === null) continue;
      const around = this.#graph.node(domain);
      for (const index of this.#active)
        if (index !== domain && isWithin(this.#graph.node(index), around)) left.add(index);
    }
    for (const index of [...left].sort((a, b) => b - a)) {
      this.#perform(this.#graph.node(index).state.exit);
      this.#active.delete(index);
    }
    for (const edge of edges) {
      this.#taken.push(edge);
      this.#perform(edge.transition.actions);
    }
    const entered = new Set(edges.flatMap((edge) => edge.entered));
    for (const index of [...entered].sort((a, b) => a - b)) {
      this.#active.add(index);
      const node = this.#graph.node(index);
      this.#perform(node.state.entry);
      if (node.kind === 'final') this.#complete(index);
    }
  }

  #perform(actions: readonly ChartAction[] = []): void {
    for (const action of actions) {
      const assignment = this.#assignments[action.type];
      if (assignment !== undefined) {
        const change = assignment(this.#context, this.#event, action.params ?? {});
        this.#context = { ...this.#context, ...change };
      } else if (effects.has(action.type)) this.#effects.push(action);
    }
  }

  #complete(final: number): void {
    const parent = this.#graph.node(this.#graph.node(final).parent);
    if (parent.index === 0) {
      this.#isOver = true;
      return;
    }
    for (let at = this.#graph.node(parent.parent); at.kind === 'parallel'; ) {
      if (this.#done.includes(at.index) || !this.#isDone(at.index)) return;
      this.#done.push(at.index);
      at = this.#graph.node(at.parent);
    }
  }

  #isDone(index: number): boolean {
    const node = this.#graph.node(index);
    if (node.kind === 'final') return this.#active.has(index);
    if (node.kind === 'parallel') return node.children.every((child) => this.#isDone(child));
    return node.children.some((child) => this.#active.has(child) && this.#isDone(child));
  }
}

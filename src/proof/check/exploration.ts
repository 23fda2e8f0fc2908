/**
 * Chart data against machine, event by event: every event a state listens to is sent to both wherever the state is first active, and walks of
 * several kinds lead to as many states as there are. Deterministic, and bounded by the work done rather than by time.
 */
import type { AnyMachineSnapshot } from 'xstate';
import { advance, contextOf } from '../../chart/advance.ts';
import { chartFacts } from '../../chart/compile.ts';
import { initialContext } from '../../chart/context.ts';
import type { ChartEvent } from '../../chart/events.ts';
import { assignmentsKeeping } from '../../chart/machine.ts';
import type { Facts } from '../../plan/settle.ts';
import { type Configuration, createInterpreter, type Reaction } from './interpreter.ts';
import type { Edge } from './state-graph.ts';
import { chooseFacts, factValues, isOnward, stimuliOf } from './stimuli.ts';
import type { Subject } from './subject.ts';

export interface Exploration {
  readonly comparisons: number;
  /** Transitions that both have taken. */
  readonly taken: ReadonlySet<Edge>;
  /** The bound ended it before every walk was over. */
  readonly isCutShort: boolean;
  /** `null`: none was found. */
  readonly difference: Difference | null;
}

export interface Difference {
  readonly message: string;
  /** What led there. */
  readonly path: readonly Edge[];
}

/** What one comparison may cost in all: of each event its active states, and as much again as ten of them. About two seconds. */
const maxWork = 150_000;
const workOfAnEvent = 10;
/** Walks from the start: with conditions that hold, that do not, and two mixtures; one is enough where there are none. */
const walks = 4;
/** Events of a walk beside the main ones after which it ends unless something new comes up. */
const patience = 6;
/** How often an event is tried in a state until something new comes of it, as far as the size of the chart allows. */
const fewestTries = 4;
const mostTries = 40;
const triesTimesTransitions = 4_000;
/** How many events onward are offered before a walk is given up: all but some may be refused where a run stops. */
const maxOffers = 20;

interface Place {
  readonly snapshot: AnyMachineSnapshot;
  readonly configuration: Configuration;
  readonly trail: Trail | null;
}

interface Trail {
  readonly edges: readonly Edge[];
  readonly before: Trail | null;
}

export function explore(subject: Subject, seed = 1): Exploration {
  const explorer = new Explorer(subject, seed);
  return explorer.run();
}

class Explorer {
  readonly #subject: Subject;
  readonly #compare: ReturnType<typeof createComparer>;
  readonly #values: ReturnType<typeof factValues>;
  readonly #draw: () => number;
  readonly #maxTries: number;
  readonly #tried = new Map<string, number>();
  readonly #taken = new Set<Edge>();
  readonly #seen = new Set<string>();
  readonly #aside: Place[] = [];
  #work = 0;
  #comparisons = 0;
  #difference: Difference | null = null;

  constructor(subject: Subject, seed: number) {
    this.#subject = subject;
    this.#compare = createComparer(subject);
    this.#values = factValues(subject.graph);
    this.#draw = createDraws(seed);
    const affordable = Math.floor(triesTimesTransitions / subject.graph.edges.length);
    this.#maxTries = Math.max(fewestTries, Math.min(mostTries, affordable));
  }

  run(): Exploration {
    const { graph, compiled } = this.#subject;
    const root = graph.node(0);
    const configuration: Configuration = {
      active: [0, ...(root.initial === null ? [] : [root.initial])],
      context: initialContext,
    };
    const start: Place = { snapshot: compiled.initial, configuration, trail: null };
    const draws = [() => 0, () => 0.999, this.#draw, this.#draw];
    const main = this.#values.size === 0 ? 1 : walks;
    for (let walk = 0; walk < main && this.#goesOn(); walk += 1)
      this.#walk(start, draws[walk] ?? this.#draw, Number.POSITIVE_INFINITY);
    for (let at = 0; at < this.#aside.length && this.#goesOn(); at += 1) {
      const place = this.#aside[at];
      if (place !== undefined) this.#walk(place, this.#draw, patience);
    }
    return {
      comparisons: this.#comparisons,
      taken: this.#taken,
      isCutShort: this.#work >= maxWork,
      difference: this.#difference,
    };
  }

  #goesOn(): boolean {
    return this.#difference === null && this.#work < maxWork;
  }

  #walk(start: Place, draw: () => number, allowed: number): void {
    let place: Place | null = start;
    for (let left = allowed; place !== null && left > 0 && this.#goesOn(); left -= 1) {
      const facts = chooseFacts(this.#values, draw);
      const known = this.#taken.size;
      place = this.#visit(place, facts);
      if (this.#taken.size > known) left = allowed;
    }
  }

  /** Tries what was never tried, and takes one event onward. @returns `null` at an end */
  #visit(place: Place, facts: Facts): Place | null {
    const onward: ChartEvent[] = [];
    for (const { key, event } of this.#stimuli(place, facts)) {
      if (isOnward(event)) onward.push(event);
      this.#tryOnce(place, key, event);
      if (!this.#goesOn()) return null;
    }
    for (let offer = 0; offer < maxOffers && onward.length > 0 && this.#goesOn(); offer += 1) {
      const [event] = onward.splice(Math.floor(this.#draw() * onward.length), 1);
      const next = event === undefined ? null : this.#send(place, event);
      if (next === null) continue;
      this.#isNew(next);
      return next;
    }
    return null;
  }

  /** What some active state hears, in all its variants. */
  *#stimuli(place: Place, facts: Facts): Generator<{ key: string; event: ChartEvent }> {
    for (const index of place.configuration.active)
      for (const [type, edges] of this.#eventsOf(index))
        for (const [position, plain] of stimuliOf(type, edges).entries())
          yield {
            key: `${index}\n${type}\n${position}`,
            event: this.#values.size === 0 ? plain : { ...plain, facts },
          };
  }

  #tryOnce(place: Place, key: string, event: ChartEvent): void {
    const tries = this.#tried.get(key) ?? 0;
    if (tries >= this.#maxTries) return;
    const known = this.#taken.size;
    const next = this.#send(place, event);
    // Refused now, it may be taken in another state of the other regions, or with other facts.
    this.#tried.set(key, this.#taken.size > known ? this.#maxTries : tries + 1);
    if (next !== null && this.#isNew(next)) this.#aside.push(next);
  }

  readonly #events = new Map<number, ReadonlyMap<string, readonly Edge[]>>();

  #eventsOf(index: number): ReadonlyMap<string, readonly Edge[]> {
    const known = this.#events.get(index);
    if (known !== undefined) return known;
    const heard = (this.#subject.graph.from[index] ?? []).filter((edge) => edge.event !== null);
    const found = Map.groupBy(heard, (edge) => edge.event ?? '');
    this.#events.set(index, found);
    return found;
  }

  /** A state that was never active, or never beside these steps under way. */
  #isNew({ configuration: { active, context } }: Place): boolean {
    const before = this.#seen.size;
    const beside = context.running.join();
    for (const index of active)
      if (isLeaf(this.#subject, index)) this.#seen.add(`${index}\n${beside}`);
    return this.#seen.size > before;
  }

  /** @returns `null` if the event is refused, by both */
  #send(place: Place, event: ChartEvent): Place | null {
    this.#comparisons += 1;
    this.#work += workOfAnEvent + place.configuration.active.length;
    const { reaction, snapshot, difference } = this.#compare(place, event);
    if (difference !== null) {
      this.#difference = {
        message: difference,
        path: [...edgesOf(place.trail), ...(reaction?.taken ?? [])],
      };
      return null;
    }
    if (reaction === null || snapshot === null) return null;
    for (const edge of reaction.taken) this.#taken.add(edge);
    const trail = { edges: reaction.taken, before: place.trail };
    return { snapshot, configuration: reaction.next, trail };
  }
}

function isLeaf({ graph }: Subject, index: number): boolean {
  return graph.node(index).children.length === 0;
}

function edgesOf(trail: Trail | null): readonly Edge[] {
  const parts: (readonly Edge[])[] = [];
  for (let at = trail; at !== null; at = at.before) parts.push(at.edges);
  return parts.reverse().flat();
}

interface Compared {
  readonly reaction: Reaction | null;
  readonly snapshot: AnyMachineSnapshot | null;
  /** `null`: they agree. */
  readonly difference: string | null;
}

/** Sends one event to both. */
export function createComparer(
  subject: Pick<Subject, 'plan' | 'graph' | 'compiled'>,
): (
  place: { readonly snapshot: AnyMachineSnapshot; readonly configuration: Configuration },
  event: ChartEvent,
) => Compared {
  const { plan, graph, compiled } = subject;
  const interpreter = createInterpreter(graph, assignmentsKeeping(chartFacts(plan)));
  const pathOf = (indices: readonly number[]) =>
    indices
      .map((index) => graph.node(index))
      .filter(({ kind }) => kind === 'atomic' || kind === 'final')
      .map(({ path }) => path)
      .join(', ');
  return ({ snapshot, configuration }, event) => {
    const reaction = interpreter.react(configuration, event);
    const moved = advance(compiled, snapshot, event);
    const differ = (difference: string): Compared => ({ reaction, snapshot: null, difference });
    if (reaction === null || moved === null) {
      if (reaction === null && moved === null)
        return { reaction, snapshot: null, difference: null };
      // A transition that changes nothing is no transition to the machine.
      const isIdle =
        reaction?.effects.length === 0 && reaction.next.context === configuration.context;
      if (moved === null && isIdle && reaction.taken.every(({ target }) => target === null))
        return { reaction: null, snapshot: null, difference: null };
      const [taker, refuser] = moved === null ? ['data', 'machine'] : ['machine', 'data'];
      return differ(`The ${taker} of the chart takes "${event.type}", the ${refuser} refuses it`);
    }
    const states = activeIn(moved.snapshot, graph);
    if (states.join() !== reaction.next.active.join())
      return differ(
        `After "${event.type}" the data leads to ${pathOf(reaction.next.active)}, the machine to ${pathOf(states)}`,
      );
    const context = JSON.stringify(contextOf(moved.snapshot));
    if (context !== JSON.stringify(reaction.next.context))
      return differ(`After "${event.type}" data and machine remember different things`);
    const asked = moved.effects.map((effect) => effectText(effect.type, { ...effect }));
    const expected = reaction.effects.map(({ type, params }) => effectText(type, params ?? {}));
    if (asked.join() !== expected.join())
      return differ(
        `After "${event.type}" the data asks for ${expected.join(', ') || 'nothing'}, the machine for ${asked.join(', ') || 'nothing'}`,
      );
    return { reaction, snapshot: moved.snapshot, difference: null };
  };
}

function activeIn(snapshot: AnyMachineSnapshot, graph: Subject['graph']): readonly number[] {
  const nodes = snapshot._nodes as readonly { readonly path: readonly string[] }[];
  return nodes.map(({ path }) => graph.find(path.join('.'))?.index ?? -1).sort((a, b) => a - b);
}

function effectText(type: string, { step, name }: { readonly [key: string]: unknown }): string {
  return [type, step, name].filter((part) => typeof part === 'string').join(' ');
}

/** A linear congruential generator (Numerical Recipes): the same walks every time. */
function createDraws(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Waiting by the clock of the actor system: the real one by default, a simulated one in tests. */
import type { AnyActorRef, AnyEventObject } from 'xstate';
import type { EntityAccess } from '../../ports/bindings.ts';
import { entitiesInMemory } from './entities.ts';
import type { MachineEvent } from './memory.ts';

/** Longest delay a timer of JavaScript takes; a longer one would fire at once. */
const maxDelayMs = 2 ** 31 - 1;

export interface Enqueue {
  (action: (args: { readonly self: AnyActorRef }) => void): void;
  assign(change: object): void;
  raise(event: object, options?: { readonly id: string; readonly delay: number }): void;
  cancel(id: string): void;
  emit(event: object): void;
  sendTo(target: string | AnyActorRef, event: object): void;
  spawnChild(source: string, options: { readonly id: string; readonly input: unknown }): void;
  stopChild(id: string): void;
}

/** Sent by a wait that was too long for one timer. */
export interface Postponed {
  readonly type: 'timer.postponed';
  readonly event: MachineEvent;
  readonly id: string;
  readonly leftMs: number;
}

/** The event comes after this long, unless the id is cancelled before. */
export function schedule(enqueue: Enqueue, event: MachineEvent, id: string, delayMs: number): void {
  if (delayMs <= maxDelayMs) return enqueue.raise(event, { id, delay: delayMs });
  const postponed: Postponed = { type: 'timer.postponed', event, id, leftMs: delayMs - maxDelayMs };
  enqueue.raise(postponed, { id, delay: maxDelayMs });
}

/** Asks the machine for a timer on behalf of what runs outside its transitions. */
export interface AlarmSet {
  readonly type: 'alarm.set';
  readonly id: string;
  readonly delayMs: number;
}

/** What runs for one actor. It ends with the process: an actor restored elsewhere begins with nothing under way. */
export class Surroundings {
  /** Attempts, maps and undos by step; what is replaced or removed no longer counts. */
  readonly #work = new Map<string, AbortController>();
  /** Maps that start no further item. */
  readonly #halted = new Set<string>();
  readonly #alarms = new Map<string, () => void>();
  readonly #checkpoints = new Map<string, Map<string, unknown>>();
  /** What machines in memory have instead of a store, for the life of the actor. */
  readonly entities: EntityAccess = entitiesInMemory();
  #count = 0;

  begin(step: string): AbortController {
    const controller = new AbortController();
    this.#halted.delete(step);
    this.#work.set(step, controller);
    return controller;
  }

  /** `false`: another attempt has taken its place, or nobody waits for it any more. */
  end(step: string, controller: AbortController): boolean {
    return this.#work.get(step) === controller && this.#work.delete(step);
  }

  halt(step: string): void {
    this.#halted.add(step);
  }

  isHalted(step: string): boolean {
    return this.#halted.has(step);
  }

  abort(step: string, reason: Error): void {
    this.#work.get(step)?.abort(reason);
  }

  abandon(step: string): void {
    this.abort(step, new Error(`Step "${step}" is out of time`));
    this.#work.delete(step);
  }

  checkpointsOf(path: string): Map<string, unknown> {
    const found = this.#checkpoints.get(path) ?? new Map<string, unknown>();
    this.#checkpoints.set(path, found);
    return found;
  }

  /** @returns a function that cancels */
  after(self: AnyActorRef, delayMs: number, wake: () => void): () => void {
    this.#count += 1;
    const id = `alarm:${this.#count}`;
    this.#alarms.set(id, wake);
    tell(self, { type: 'alarm.set', id, delayMs } satisfies AlarmSet);
    return () => {
      if (this.#alarms.delete(id)) tell(self, { type: 'alarm.cancelled', id });
    };
  }

  ring(id: string): void {
    const wake = this.#alarms.get(id);
    this.#alarms.delete(id);
    wake?.();
  }
}

const surroundings = new WeakMap<AnyActorRef, Surroundings>();

export function surroundingsOf(self: AnyActorRef): Surroundings {
  const found = surroundings.get(self) ?? new Surroundings();
  surroundings.set(self, found);
  return found;
}

/** An actor that has been stopped hears nothing more. */
export function tell(self: AnyActorRef, event: AnyEventObject): void {
  const { status } = self.getSnapshot() as { readonly status: string };
  if (status === 'active') self.send(event);
}

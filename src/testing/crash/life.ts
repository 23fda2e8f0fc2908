import { SignalboxError } from '../../errors.ts';

/** One life of a process: it counts the places at which it could die, and dies at one of them. */
export interface Life {
  /** From 1. */
  readonly number: number;
  readonly isOver: boolean;
  /** The place at which it died. */
  readonly endedAt: string | null;
  /** Every place reached, in order. */
  readonly places: readonly string[];
  /** Resolves when it dies. */
  readonly over: Promise<void>;
  /** Resolves when it stands still, as after SIGSTOP. */
  readonly suspended: Promise<void>;
  readonly wasSuspended: boolean;
  /** Lets it go on. */
  resume(): void;
  /** A place in synchronous code. @throws Killed from the moment of death on */
  reach(place: string): void;
  /** A place in asynchronous code: whoever comes there when life is over waits for ever, as after `kill -9`. */
  pass(place: string): Promise<void>;
  /** What `work` gives, unless life is over by then: nobody hears of it. */
  gate<T>(work: Promise<T>): Promise<T>;
}

/** Thrown through code that cannot wait for ever. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

export interface LifeOptions {
  readonly number: number;
  /** Dies at this place, counted from 1; `null`: lives on. */
  readonly killAt: number | null;
  /** The store says at this place that it is unavailable, once. */
  readonly failAt?: number;
  /** Stands still at this place until it is resumed. */
  readonly suspendAt?: number;
  /** Called at the moment of death, before anybody can react. */
  onEnd?(): void;
}

export function createLife({ number, killAt, failAt, suspendAt, onEnd }: LifeOptions): Life {
  const places: string[] = [];
  let endedAt: string | null = null;
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });

  let standStill = () => {};
  const suspended = new Promise<void>((resolve) => {
    standStill = resolve;
  });
  let resume = () => {};
  const resumed = new Promise<void>((resolve) => {
    resume = resolve;
  });
  const isSuspended = () => suspendAt !== undefined && places.length >= suspendAt;

  const never = <T>() => new Promise<T>(() => {});

  function reach(place: string): void {
    if (endedAt !== null) throw new Killed(`Dead since ${endedAt}`);
    places.push(place);
    if (places.length === suspendAt) standStill();
    if (places.length !== killAt) return;
    endedAt = place;
    onEnd?.();
    end();
    throw new Killed(`Died at place ${places.length}, ${place}`);
  }

  return {
    number,
    get isOver() {
      return endedAt !== null;
    },
    get endedAt() {
      return endedAt;
    },
    places,
    over,
    suspended,
    get wasSuspended() {
      return isSuspended();
    },
    resume: () => resume(),
    reach,
    async pass(place) {
      try {
        reach(place);
      } catch {
        await never();
      }
      if (isSuspended()) await resumed;
      if (places.length === failAt && !/^(run|undo|compute)\./.test(place))
        throw new SignalboxError('STORE_UNAVAILABLE', `Failed at place ${failAt}, ${place}`);
    },
    async gate(work) {
      try {
        const result = await work;
        if (isSuspended()) await resumed;
        return endedAt === null ? result : await never();
      } catch (error) {
        if (endedAt !== null) return never();
        throw error;
      }
    },
  };
}

/** Lets the event loop turn. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

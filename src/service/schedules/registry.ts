/** Schedules by name: those of the code, and those that were created by a call. */
import { SignalboxError } from '../../errors.ts';
import { type Schedule, scheduleOf } from '../../triggers/schedule.ts';
import type { Book } from './book.ts';
import type { StoredDefinition } from './state.ts';

export interface Registered {
  readonly schedule: Schedule;
  readonly source: 'code' | 'api';
}

export interface Registry {
  /** By name. */
  all(): Promise<readonly Registered[]>;
  /** @throws SignalboxError `TRIGGER_UNKNOWN` */
  get(name: string): Promise<Registered>;
  readonly isInCode: (name: string) => boolean;
  /** Others instead of those of the code. */
  replace(inCode: readonly Schedule[]): void;
}

export function createRegistry(book: Book, inCode: readonly Schedule[]): Registry {
  let byName = byNameOf(inCode);
  const parsed = new WeakMap<object, Schedule>();
  const texts = new Map<string, { readonly text: string; readonly definition: StoredDefinition }>();

  /** The schedule of a definition is made once, as long as the definition stays the same. */
  function stored(name: string, definition: StoredDefinition): Schedule {
    const text = JSON.stringify(definition);
    const known = texts.get(name);
    const same = known?.text === text ? known.definition : definition;
    texts.set(name, { text, definition: same });
    const schedule = parsed.get(same) ?? fromDefinition(name, same);
    parsed.set(same, schedule);
    return schedule;
  }

  return {
    async all() {
      const entries = await book.entries();
      const created = entries.flatMap(({ name, state }) =>
        state.definition === null || byName.has(name)
          ? []
          : [{ schedule: stored(name, state.definition), source: 'api' as const }],
      );
      const own = [...byName.values()].map((schedule) => ({ schedule, source: 'code' as const }));
      return [...own, ...created].sort((a, b) => (a.schedule.name < b.schedule.name ? -1 : 1));
    },
    async get(name) {
      const schedule = byName.get(name);
      if (schedule !== undefined) return { schedule, source: 'code' };
      const definition = (await book.entry(name))?.state.definition ?? null;
      if (definition !== null) return { schedule: stored(name, definition), source: 'api' };
      throw new SignalboxError('TRIGGER_UNKNOWN', `There is no schedule "${name}"`, {
        details: { schedule: name },
        hint: 'signalbox schedules lists them',
      });
    },
    isInCode: (name) => byName.has(name),
    replace(schedules) {
      byName = byNameOf(schedules);
    },
  };
}

function byNameOf(schedules: readonly Schedule[]): ReadonlyMap<string, Schedule> {
  return new Map(schedules.map((schedule) => [schedule.name, schedule]));
}

/** @throws SignalboxError `DEFINITION_INVALID` */
export function fromDefinition(name: string, definition: StoredDefinition): Schedule {
  const { workflow, input, ...rest } = definition;
  return scheduleOf({
    ...rest,
    name,
    target: { kind: 'workflow', name: workflow },
    input: () => input,
    startsPaused: false,
  });
}

/** One path lived through once undisturbed, then disturbed at each place, or a sample of them, and compared. */
import { compare } from './compare.ts';
import { sample } from './draws.ts';

/** One execution of a path. */
export interface Execution {
  readonly observed: unknown;
  /** Every place of the first process, in order. */
  readonly places: readonly string[];
  readonly isDisturbed: boolean;
  readonly repeated: number;
}

export interface DisturbOptions {
  /** @param place - where the first process is disturbed, from 1; `null`: nowhere */
  execute(place: number | null): Promise<Execution>;
  /** Places tried, at least one of every kind; `null`: all. */
  readonly sample: number | null;
  draw(): number;
  onExecuted?(): void;
}

export interface Disturbed {
  readonly places: number;
  /** Kinds of the places at which it was. */
  readonly disturbed: readonly string[];
  readonly repeated: number;
  readonly differences: readonly {
    readonly place: number | null;
    readonly kind: string | null;
    readonly message: string;
  }[];
  /** Places that were counted and then not reached again. */
  readonly missed: readonly string[];
}

export async function disturb(options: DisturbOptions): Promise<Disturbed> {
  const { execute, draw, onExecuted } = options;
  const differences: Disturbed['differences'][number][] = [];
  const disturbed: string[] = [];
  const missed: string[] = [];
  let repeated = 0;
  const reference = await execute(null).catch((error: unknown) => {
    differences.push({ place: null, kind: null, message: messageOf(error) });
    return null;
  });
  onExecuted?.();
  if (reference === null) return { places: 0, disturbed, repeated, differences, missed };
  const { places } = reference;
  for (const place of sample(places, options.sample ?? places.length, draw)) {
    const kind = places[place - 1] ?? '';
    try {
      const execution = await execute(place);
      if (execution.isDisturbed) disturbed.push(kind);
      else missed.push(`${kind} (place ${place})`);
      repeated += execution.repeated;
      compare(execution, reference);
    } catch (error) {
      differences.push({ place, kind, message: messageOf(error) });
    }
    onExecuted?.();
  }
  return { places: places.length, disturbed, repeated, differences, missed };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { dependenciesOf } from '../plan/dependencies.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import type { MapStep } from '../plan/plan.ts';
import { resolveWiring } from '../plan/wiring.ts';
import type { MapItem, Store } from '../ports/store.ts';
import { type LiveRun, readerOf } from './live-run.ts';

/** What a row of the store keeps of an item. */
export type ItemState = {
  readonly index: number;
  readonly item: Json;
  /** Outputs of the body's tasks that have completed, by node id. */
  readonly results: { readonly [node: string]: Json };
  /** The same as consumers see them, derived values included; rebuilt, never stored. */
  readonly values?: { readonly [node: string]: unknown };
  /** Failed attempts of the task the item stands at. */
  readonly attempts: number;
  readonly retryAtMs: number | null;
  readonly output?: Json;
  readonly failure?: JsonObject;
  /** Counts completions of the map, from 1. */
  readonly order?: number;
  readonly undone?: readonly string[];
  /** The pass that failed it; another pass tries again. */
  readonly pass?: string;
  /** An unsafe task of the body was handed out and has not answered. */
  readonly attempting?: string;
};

const pageSize = 1_000;

/** All rows of a map, in the order of its input. */
export async function* readItems(
  store: Store,
  run: LiveRun,
  step: string,
): AsyncGenerator<MapItem> {
  let afterIndex = -1;
  while (true) {
    const page = await store.items(run.header.id, run.state.generation, step, {
      afterIndex,
      limit: pageSize,
    });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return;
    afterIndex = last.index;
  }
}

/** Reads an item's own results before those of the run. */
export function itemReader(
  run: LiveRun,
  state: Pick<ItemState, 'item' | 'index' | 'values'>,
): (of: string) => unknown {
  const read = readerOf(run);
  return (of) => {
    if (of === '$item') return state.item;
    if (of === '$index') return state.index;
    return Object.hasOwn(state.values ?? {}, of) ? state.values?.[of] : read(of);
  };
}

/** Results of an item as its body sees them, derived values computed anew as soon as what they read is there. */
export function itemValues(
  run: LiveRun,
  node: MapStep,
  state: ItemState,
): { readonly [node: string]: unknown } {
  const values: Record<string, unknown> = {};
  const own = new Set(node.body.map((part) => part.id));
  for (const part of node.body) {
    if (part.kind === 'task') {
      const stored = state.results[part.id];
      if (stored !== undefined)
        values[part.id] = run.definition.bindings.tasks.get(part.call.task)?.output.restore(stored);
    } else {
      const mapper = run.definition.bindings.mappers.get(part.id);
      const isReady = [...dependenciesOf(part)].every(
        (id) => !own.has(id) || Object.hasOwn(values, id),
      );
      if (isReady && mapper !== undefined)
        values[part.id] = mapper(resolveWiring(part.from, itemReader(run, { ...state, values })));
    }
  }
  return values;
}

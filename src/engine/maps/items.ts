/** The items of a map: what the store keeps of each, and what its tasks read. */
import { dependenciesOf } from '../../plan/dependencies.ts';
import type { Json, JsonObject } from '../../plan/json.ts';
import type { MapStep } from '../../plan/plan.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { MapItem, Store } from '../../ports/store.ts';
import { type LiveRun, readerOf } from '../live-run.ts';

/** What a row of the store keeps of an item. */
export type ItemState = {
  readonly index: number;
  readonly item: Json;
  /** Outputs of the body's tasks that have completed, by node id. */
  readonly results: { readonly [node: string]: Json };
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

export interface ItemRow extends MapItem {
  readonly state: ItemState;
}

/** All rows of a map, in the order of its input. */
export async function* readItems(
  store: Store,
  run: LiveRun,
  step: string,
): AsyncGenerator<ItemRow> {
  let afterIndex = -1;
  while (true) {
    const page = await store.items(run.header.id, run.state.generation, step, {
      afterIndex,
      limit: pageSize,
    });
    // Rows of maps are written by `save` alone.
    for (const row of page) yield { ...row, state: row.state as unknown as ItemState };
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return;
    afterIndex = last.index;
  }
}

/** Reads an item's own results, as its body sees them, before those of the run. */
export function itemReader(run: LiveRun, node: MapStep, state: ItemState): (of: string) => unknown {
  return readerWith(run, state, valuesOf(run, node, state));
}

type Values = { readonly [node: string]: unknown };

function readerWith(
  run: LiveRun,
  { item, index }: ItemState,
  values: Values,
): (of: string) => unknown {
  const read = readerOf(run);
  return (of) => {
    if (of === '$item') return item;
    if (of === '$index') return index;
    return Object.hasOwn(values, of) ? values[of] : read(of);
  };
}

/** Derived values are computed anew as soon as what they read is there; they are never stored. */
function valuesOf(run: LiveRun, node: MapStep, state: ItemState): Values {
  const { tasks, mappers } = run.definition.bindings;
  const values: Record<string, unknown> = {};
  const own = new Set(node.body.map((part) => part.id));
  for (const part of node.body) {
    if (part.kind === 'task') {
      const stored = state.results[part.id];
      // a task may be called `toString`
      if (stored !== undefined && Object.hasOwn(state.results, part.id))
        values[part.id] = tasks.get(part.call.task)?.output.restore(stored);
    } else {
      const mapper = mappers.get(part.id);
      const isReady = [...dependenciesOf(part)].every(
        (id) => !own.has(id) || Object.hasOwn(values, id),
      );
      if (isReady && mapper !== undefined)
        values[part.id] = mapper(resolveWiring(part.from, readerWith(run, state, values)));
    }
  }
  return values;
}

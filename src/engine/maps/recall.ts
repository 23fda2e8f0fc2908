/** What a pass finds when it begins: the list, and what earlier passes did of it. */
import { SignalboxError } from '../../errors.ts';
import type { Json } from '../../plan/json.ts';
import { copyJson } from '../../plan/json-value.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { AttemptFailure } from '../../ports/executor.ts';
import type { Store } from '../../ports/store.ts';
import { readerOf } from '../live-run.ts';
import { type ItemState, readItems } from './items.ts';
import { failedState, failMap, type Pass, save } from './pass.ts';

/** The list, in batches if the map wants them. */
export function itemsOf({ run, node }: Pass, store: Store): readonly Json[] {
  const value = resolveWiring(node.items, readerOf(run));
  if (!Array.isArray(value)) {
    throw new SignalboxError(
      'INPUT_INVALID',
      `Map "${node.id}" needs a list and got ${value === undefined ? 'undefined' : value === null ? 'null' : typeof value}`,
    );
  }
  const plain = copyJson(value);
  if (!plain.ok || !Array.isArray(plain.value))
    throw new SignalboxError(
      'VALUE_NOT_SERIALISABLE',
      `The list of map "${node.id}" holds a value JSON cannot carry`,
    );
  const list: readonly Json[] = plain.value;
  const { batch } = node;
  const items =
    batch === undefined
      ? list
      : Array.from({ length: Math.ceil(list.length / batch) }, (_, index) =>
          list.slice(index * batch, (index + 1) * batch),
        );
  if (items.length > store.limits.mapItems) {
    throw new SignalboxError(
      'MAP_TOO_LARGE',
      `Map "${node.id}" has ${items.length} items; the ${store.kind} store keeps at most ${store.limits.mapItems}`,
      {
        hint: 'Use batches, or a store with a higher limit',
      },
    );
  }
  return items;
}

/** Rows of earlier passes; one that was at work when its process died is done again, unless that may not be repeated. */
export async function recalled(
  pass: Pass,
  count: number,
  store: Store,
): Promise<Map<number, ItemState>> {
  const { run, node, open } = pass;
  const states = new Map<number, ItemState>();
  const inDoubt: ItemState[] = [];
  for await (const { index, status, state } of readItems(store, run, node.id)) {
    pass.order = Math.max(pass.order, state.order ?? 0);
    if (status === 'failed' && state.pass !== open.token) {
      const { failure: _failure, pass: _pass, attempting: _attempting, ...again } = state;
      states.set(index, { ...again, attempts: 0, retryAtMs: null });
    } else states.set(index, state);
    if (state.attempting !== undefined && status === 'running') {
      const unclear = failedState(pass, state, {
        name: 'OutcomeUnknownError',
        message: `Nobody knows whether "${state.attempting}" took effect before the process died`,
        retryable: false,
        unclear: true,
      });
      states.set(index, unclear);
      inDoubt.push(unclear);
    }
  }
  await Promise.all(inDoubt.map((unclear) => save(pass, unclear, 'failed')));
  for (const index of states.keys()) if (index >= count) states.delete(index);
  for (const { index, failure } of states.values())
    if (failure !== undefined) failMap(pass, index, failure as unknown as AttemptFailure);
  return states;
}

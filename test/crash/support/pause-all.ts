/** What a store says of the pause of everything. */
import { parseHolds } from '../../../src/engine/hold-record.ts';
import type { Store } from '../../../src/ports/store.ts';

/** `null`: nothing has ever been paused. */
export async function isPausedIn(store: Store): Promise<boolean | null> {
  const found = await store.record('holds', 'runs');
  return found === null ? null : parseHolds(found.value).all.on !== null;
}

/** Triggers that are exchanged while the service works. */
import type { Trigger } from '../triggers/trigger.ts';

/** Looks whether it can do with these triggers, and changes nothing yet; what is returned changes over. */
export interface Exchangeable {
  prepare(triggers: readonly Trigger[]): () => void | Promise<void>;
}

/**
 * One exchange after the other, each of them whole or not at all.
 *
 * @param parts - changed over in this order
 */
export function createExchange(
  parts: readonly Exchangeable[],
): (triggers: readonly Trigger[]) => Promise<void> {
  let last = Promise.resolve();
  async function exchange(triggers: readonly Trigger[]): Promise<void> {
    const changes = parts.map((part) => part.prepare(triggers));
    for (const change of changes) await change();
  }
  return (triggers) => {
    const done = last.then(() => exchange(triggers));
    last = done.catch(() => {});
    return done;
  };
}

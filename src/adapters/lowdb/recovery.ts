import type { RememberedResult } from '../../ports/store.ts';
import { applyAnswer, applyMessages } from '../shared/changes.ts';
import type { Changes } from './changes.ts';
import type { Disk } from './disk.ts';
import type { Pending } from './formats.ts';

/** Does what commits asked of other documents and a crash may have prevented. Doing it again changes nothing. */
export async function recover(
  { tables }: Disk,
  changes: Changes,
  pending: ReadonlyMap<string, Pending>,
): Promise<void> {
  for (const { messages, answers, remember } of pending.values()) {
    const needs = {
      messages: [...messages, ...answers].map(({ id }) => id),
      results: remember.map(({ key }) => key),
      runs: messages.flatMap(({ runId }) => runId ?? []),
    };
    await changes.submit({
      needs,
      apply() {
        applyMessages(tables, messages);
        for (const answer of answers) applyAnswer(tables, answer);
        for (const result of remember)
          if (isNews(tables.remembered.get(result.key), result))
            tables.remembered.set(result.key, result);
      },
    });
  }
  // a round of its own, so that settled runs are moved even if nothing was pending
  await changes.submit({ needs: {}, apply: () => {} });
}

function isNews(held: RememberedResult | undefined, result: RememberedResult): boolean {
  if (held === undefined) return true;
  const isOwnClaim = held.claimant === result.claimant && held.output === undefined;
  return isOwnClaim || held.expiresAtMs < result.expiresAtMs;
}

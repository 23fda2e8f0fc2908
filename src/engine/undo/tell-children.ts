import type { Draft } from '../draft.ts';
import type { UndoEntry } from './list.ts';

/** Children stay complete; they only learn who undid what they had done. */
export function tellChildren({ run, tools, messages }: Draft, { children }: UndoEntry): void {
  const { id } = run.header;
  for (const child of children)
    messages.push({
      id: `${child.header.id}/compensated/${run.state.generation}`,
      runId: child.header.id,
      kind: 'compensated',
      atMs: tools.nowMs,
      body: { by: id, actor: `run:${id}` },
    });
}

/** What a caller does whose process died before or after an answer came: it calls again, under the same id. */
import type { Orchestrator } from '../../orchestrator.ts';
import type { Script } from './script.ts';

/** The same in every life. */
export function signalIdOf({ key }: Script, position: number): string {
  return `${key} ${position}`;
}

/**
 * Sends the last signal again that stands in the history, if there is one. The one that was under way when the process died, and does not
 * stand there, is sent by playing on.
 *
 * @param position - events of the script that stand in the history
 * @throws SignalboxError if the signal is not known any more, and the run does not wait for another
 */
export async function repeatLastSignal(
  orchestrator: Orchestrator,
  script: Script,
  runId: string,
  position: number,
  actor: string,
): Promise<void> {
  const index = script.answers
    .slice(0, position)
    .findLastIndex(({ move }) => move.type === `${move.step}.received`);
  const answer = script.answers[index];
  const node = script.workflow.plan.nodes.find(({ id }) => id === answer?.move.step);
  if (answer === undefined || node?.kind !== 'wait') return;
  const id = signalIdOf(script, index);
  await orchestrator.signal(runId, node.event, answer.value, { id, actor });
}

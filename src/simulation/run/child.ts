import { drawMs } from '../distribution.ts';
import { stepModelOf } from '../model.ts';
import type { ActiveRun } from './active-run.ts';
import { failureOf, success, toleratedFailure } from './events.ts';

/** A child workflow: a run of its own, or as long as the model says of its step. */
export function startChild(run: ActiveRun, step: string): void {
  const { subject, world, items, children } = run;
  const { random, agenda } = world;
  const node = subject.index.nodes.get(step);
  if (node?.kind !== 'child') return;
  const finish = (hasCompleted: boolean, undoable: number) => {
    if (hasCompleted) return run.send({ type: `${step}.completed`, undo: undoable }, success(node));
    run.send(
      { type: `${step}.failed`, failure: failureOf(step, false) },
      node.tolerate === undefined ? undefined : toleratedFailure(step),
    );
  };
  const inner = world.child(node.workflow, node.version);
  const { duration, fatalRate = 0 } = stepModelOf(subject.model, step);
  if (inner === null || duration !== undefined) {
    const hasFailed = random() < fatalRate;
    const lastsMs = duration === undefined ? 0 : drawMs(duration, random);
    return items.after({ step, kind: 'work' }, lastsMs, () => finish(!hasFailed, 0));
  }
  const release = items.hold({ step, kind: 'child' });
  let hasEnded = false;
  const child = run.spawn(inner, world, ({ status, undoable }) => {
    hasEnded = true;
    release();
    children.delete(step);
    // What starts it has to be over first.
    agenda.after(0, () => finish(status === 'complete', undoable));
  });
  if (!hasEnded) children.set(step, child);
}

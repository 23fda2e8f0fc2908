import { drawMs } from '../distribution.ts';
import type { ActiveRun } from './active-run.ts';
import { complete, failureOf } from './events.ts';

/** A wait for an event from outside, which may not come, or not in time. */
export function awaitEvent(run: ActiveRun, step: string): void {
  const { subject, world, items } = run;
  const { random } = world;
  const node = subject.index.nodes.get(step);
  if (node?.kind !== 'wait') return;
  const { delay, rate = 1 } = subject.model.events?.[step] ?? {};
  const isWrapped = node.onTimeout === 'continue';
  if (random() < rate) {
    const received = complete(isWrapped ? { status: 'received' } : undefined);
    const delayMs = delay === undefined ? 0 : drawMs(delay, random);
    items.after({ step, kind: 'event' }, delayMs, () =>
      run.send({ type: `${step}.received` }, received),
    );
  }
  if (node.withinMs === undefined) return;
  items.after({ step, kind: 'timeout' }, node.withinMs, () => {
    world.count(subject, step, 'expiry');
    const type = `${step}.timed_out`;
    if (isWrapped) return run.send({ type }, complete({ status: 'timed_out' }));
    run.send({ type, failure: failureOf(step, false) });
  });
}

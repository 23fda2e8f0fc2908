import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTask, defineWorkflow } from '../../../src/index.ts';
import { openBench, second } from '../../support/engine-bench.ts';

const done: string[] = [];
let isStuck = false;
const note = defineTask({
  name: 'note',
  input: z.string(),
  compensate: 'none',
  run: ({ input }) => {
    if (isStuck) return new Promise<never>(() => {});
    done.push(input);
    return Promise.resolve();
  },
});
const waiting = defineWorkflow({
  name: 'waiting',
  version: 1,
  input: z.string(),
  steps(w) {
    w.task('note', note, { input: w.input });
    const look = w.review('look');
    w.task('after', note, { input: w.input, after: [look] });
    return w.sleep('nap', { for: '1s' });
  },
});
const parent = defineWorkflow({
  name: 'parent',
  version: 1,
  input: z.string(),
  steps: (w) => w.child('child', waiting, { input: w.input }),
});

/** Two runs whose task and timer a process that died has left behind. */
async function leftBehind(workflow: 'waiting' | 'parent') {
  done.length = 0;
  isStuck = true;
  const bench = await openBench({ workflows: [parent] });
  const mine = await bench.engine.start(workflow, 'mine');
  const other = await bench.engine.start(workflow, 'other');
  await bench.clock.advance(0);
  isStuck = false;
  const engine = await bench.crash({ settings: { lookAfter: 'own' } });
  await bench.clock.advance(60 * second);
  return { bench, engine, mine: mine.runId, other: other.runId };
}

const approved = { outcome: 'approved', actor: 'ann' } as const;

describe('an engine that looks after its own runs', () => {
  it('takes up nothing by itself', async () => {
    await leftBehind('waiting');

    expect(done).toEqual([]);
  });

  it('moves the run that is decided, timers and orphans included, and no other', async () => {
    const { engine, mine, other } = await leftBehind('waiting');

    await engine.decide(mine, 'look', approved);

    expect(await engine.drive(mine)).toMatchObject({ status: 'complete' });
    expect(done.toSorted()).toEqual(['mine', 'mine']);
    expect(await engine.get(other)).toMatchObject({ status: 'processing' });
  });

  it('moves the children of a run it is asked to drive, and the parent of a child', async () => {
    const { engine, mine } = await leftBehind('parent');

    const { waitingOn } = await engine.drive(mine);
    const child = waitingOn[0]?.runId ?? '';
    expect(done).toEqual(['mine']);
    await engine.decide(child, 'look', approved);

    expect(await engine.drive(mine, 'finished')).toMatchObject({ status: 'complete' });
    expect(done).toEqual(['mine', 'mine']);
  });

  it('starts the child of its run that a process which died had asked for', async () => {
    const bench = await openBench({ workflows: [parent] });
    const { runId } = await bench.engine.start('parent', 'mine');
    const engine = await bench.crash({ settings: { lookAfter: 'own' } });

    const { waitingOn } = await engine.drive(runId);

    expect(await engine.get(waitingOn[0]?.runId ?? '')).toMatchObject({ workflow: 'waiting' });
  });
});

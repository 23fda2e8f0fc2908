import { expect, it } from 'vitest';
import { z } from 'zod';
import { createOrchestrator, defineTask, defineWorkflow, PermanentError } from '../../src/index.ts';
import type { AttemptInfo } from '../../src/ports/bindings.ts';
import { assertCrashProof, crashLines } from '../../src/testing/crash/crash-report.ts';
import { crashScenes } from '../../src/testing/crash/crash-scenes.ts';
import { labsFor } from '../../src/testing/crash/labs.ts';
import { createLife } from '../../src/testing/crash/life.ts';
import type { Scene } from '../../src/testing/crash/scene.ts';
import { createStage, type Stage } from '../../src/testing/crash/stage.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { silence } from '../crash/support/session.ts';

let stage: Stage = createStage(createLife({ number: 1, killAt: null }));

function around(kind: 'run' | 'undo', name: string, context: AttemptInfo): Promise<void> {
  const { run, idempotencyKey: key, attempt } = context;
  return stage.around({ kind, name, runId: run.runId, key, attempt }, async () => {});
}

const made = defineTask({
  name: 'make',
  input: z.string(),
  output: z.string(),
  compensate: (context) => around('undo', 'made', context),
  async run(context) {
    await around('run', 'made', context);
    return `${context.input}!`;
  },
});
const sent = defineTask({
  name: 'send',
  input: z.string(),
  output: z.string(),
  compensate: 'none',
  async run(context) {
    await around('run', 'sent', context);
    if (context.input === 'bad!') throw new PermanentError('Broken');
    return context.input;
  },
});
const order = defineWorkflow({
  name: 'order',
  version: 1,
  input: z.string(),
  steps: (w) => w.task('sent', sent, { input: w.task('made', made, { input: w.input }) }),
});

function sceneOf(input: string, onPlayed: () => void = () => {}): Scene {
  return {
    name: input,
    isOrdered: true,
    async play(current, store) {
      stage = current;
      const clock = new ManualClock(current.clock.nowMs());
      current.clock = clock;
      const nextId = () => String((current.ids += 1)).padStart(6, '0');
      const orchestrator = await createOrchestrator({
        workflows: [order],
        store,
        clock,
        logger: silence,
        ids: { runId: () => `run-${nextId()}`, token: () => `token-${nextId()}`, random: () => 0 },
        settings: { leaseMs: 3_000, pollMs: 1_000 },
      });
      const { runId } = await orchestrator.start(order, input, { key: 'one' });
      for (let turn = 0; turn < 20; turn += 1) await clock.advance(500);
      onPlayed();
      expect((await orchestrator.get(runId)).waitingOn).toEqual([]);
      await Promise.all([orchestrator.close(), clock.advance(10_000)]);
    },
  };
}

const base = {
  workflow: 'order',
  version: 1,
  plans: [order.plan],
  sample: null,
  seed: 1,
  maxDifferences: 2,
};

it('crashes at every place of every scene on every store, in every mode', async () => {
  const scenes = [sceneOf('good'), sceneOf('bad')];
  const labs = labsFor(['memory', 'lowdb', 'sqlite'], ['kill', 'power_loss', 'standstill']);

  const report = await crashScenes({ ...base, scenes, labs, sample: 1 });

  assertCrashProof(report);
  expect(report.byKind['undo.after']).toBeGreaterThan(0);
  expect(report.repeatedEffects).toBeGreaterThan(0);
});

it('reports a kind of place that was never reached, rather than pass', async () => {
  const report = await crashScenes({
    ...base,
    scenes: [sceneOf('good')],
    labs: labsFor(['memory'], ['kill']),
  });

  expect(report.differences).toEqual([]);
  expect(report.notReached).toEqual(['memory: undo.before', 'memory: undo.after']);
  expect(() => assertCrashProof(report)).toThrow('not reached: memory: undo.before');
});

it('reports where a crash makes a difference', async () => {
  let lives = 0;
  const forgetful = sceneOf('good', () => {
    lives += 1;
    if (lives > 1) stage.effects.push({ ...(stage.effects[0] ?? never()), key: 'another' });
  });

  const report = await crashScenes({
    ...base,
    scenes: [forgetful],
    labs: labsFor(['memory'], ['kill']),
  });

  expect(report.differences).toHaveLength(2);
  expect(report.isCutShort).toBe(true);
  expect(crashLines(report).join('\n')).toContain('Another key the second time');
  expect(crashLines(report).at(-1)).toBe('  cut short after 2 differences');
});

it('refuses a mode that no store asked for has', () => {
  expect(() => labsFor(['memory'], ['power_loss'])).toThrow('needs the store lowdb');
});

function never(): never {
  throw new Error('No effect');
}

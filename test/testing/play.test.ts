import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openLowdbStore } from '../../src/adapters/lowdb/index.ts';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { openSqliteStore } from '../../src/adapters/sqlite/index.ts';
import { defineTask, defineWorkflow } from '../../src/index.ts';
import {
  createWorld,
  ManualClock,
  paths,
  play,
  type Script,
  scriptOf,
  type TaskEffect,
} from '../../src/testing/index.ts';
import { mortal } from '../support/mortal-store.ts';

const Order = z.object({ id: z.string().min(1), cents: z.number().int().positive() });

function task(name: string) {
  return defineTask({
    name,
    input: z.unknown(),
    output: z.object({ [name]: z.uuid() }),
    retry: { maxAttempts: 2 },
    compensate: async () => {},
    run: () => Promise.reject(new Error('never called on a path')),
  });
}

const order = defineWorkflow({
  name: 'order',
  version: 1,
  input: Order,
  steps(w) {
    const large = w.is(w.input, 'large', ({ cents }) => cents > 1_000_000, { otherwise: 'Small.' });
    const charged = w.task('charge', task('charge'), { input: w.input });
    const packed = w.task('pack', task('pack'), { input: w.input });
    const checked = w.review('check', {
      when: large,
      form: z.strictObject({ reason: z.string().min(3) }),
      after: [charged, packed],
    });
    return w.task('ship', task('ship'), { input: [charged, packed], after: [checked] });
  },
});

async function scriptsOf(): Promise<readonly Script[]> {
  const scripts: Script[] = [];
  for (const path of paths(order).paths) {
    const written = await scriptOf(order, path);
    if (written.ok) scripts.push(written.script);
  }
  return scripts;
}

describe('a script', () => {
  it('has values that make the conditions say what its path needs', async () => {
    const scripts = await scriptsOf();

    for (const { path, input } of scripts) {
      const isLarge = path.steps.find(({ facts }) => facts['?large'] !== undefined)?.facts[
        '?large'
      ];
      if (isLarge !== undefined) expect(Order.parse(input).cents > 1_000_000).toBe(isLarge);
    }
    expect(scripts).toHaveLength(paths(order).paths.length);
  });

  it('is the same every time, and another one for another seed', async () => {
    const [path] = paths(order).paths;
    const write = (seed: number) => scriptOf(order, path!, { seed });

    const [first, again, other] = [await write(1), await write(1), await write(2)];

    expect(JSON.stringify(again)).toBe(JSON.stringify(first));
    expect(JSON.stringify(other)).not.toBe(JSON.stringify(first));
  });

  it('takes the examples it is given', async () => {
    const [path] = paths(order).paths;
    const id = '123e4567-e89b-42d3-a456-426614174000';

    const written = await scriptOf(order, path!, {
      inputs: [{ id: 'o-1', cents: 2_000_000 }],
      tasks: { charge: () => ({ charge: id }), ship: [{ ship: id }] },
    });

    expect(written).toMatchObject({
      ok: true,
      script: { input: { id: 'o-1' }, output: { ship: id } },
    });
  });

  it('is not there if nothing makes a condition hold, and says what to give', async () => {
    const picky = defineWorkflow({
      name: 'picky',
      version: 1,
      input: z.object({ code: z.string() }),
      steps: (w) =>
        w.task('open', task('open'), {
          input: w.input,
          when: w.is(w.input, 'the code', ({ code }) => code === 'open sesame'),
        }),
    });
    const [path] = paths(picky).paths;

    const without = await scriptOf(picky, path!);
    const given = await scriptOf(picky, path!, { inputs: [{ code: 'open sesame' }] });

    expect(without).toMatchObject({
      ok: false,
      reason:
        'no generated input of workflow "picky" makes "the code" true; give a fixture: inputs: […]',
    });
    expect(given.ok).toBe(true);
  });
});

describe('playing a script', () => {
  it('finds no difference on any path, whatever failed on it', async () => {
    for (const script of await scriptsOf()) {
      const { differences } = await play(script, createWorld());

      expect([script.path.id, differences]).toEqual([script.path.id, []]);
    }
  });

  it.each([
    ['lowdb', (folder: string) => openLowdbStore(join(folder, 'runs'))],
    ['sqlite', (folder: string) => openSqliteStore(join(folder, 'runs.db'))],
  ])('finds none on %s either, where every commit waits for the disk', async (_name, open) => {
    const store = await open(await mkdtemp(join(tmpdir(), 'signalbox-play-')));
    const scripts = await scriptsOf();
    const longest = scripts.toSorted((a, b) => b.answers.length - a.answers.length)[0]!;

    const { differences } = await play(longest, createWorld({ store }));

    expect(differences).toEqual([]);
    await store.close();
  });

  it('finds a run that stands elsewhere than its path says', async () => {
    const [script] = await scriptsOf();
    const wrong = script!.answers.map((answer, index) =>
      index === 1 ? { ...answer, state: { processing: 'draining' } } : answer,
    );

    const { differences } = await play({ ...script!, answers: wrong }, createWorld());

    expect(differences).toMatchObject([{ what: 'state', expected: { processing: 'draining' } }]);
  });

  it('finds an outcome, an output and an undo that are not as they should be', async () => {
    const scripts = await scriptsOf();
    const complete = scripts.find(({ path }) => path.end === 'complete');
    const undone = scripts.find(({ undone }) => undone.length === 2);

    const output = await play({ ...complete!, output: { ship: 'elsewhere' } }, createWorld());
    const order = await play({ ...undone!, undone: undone!.undone.toReversed() }, createWorld());

    expect(output.differences).toMatchObject([{ what: 'output' }]);
    expect(order.differences).toMatchObject([{ what: 'undone', actual: undone!.undone }]);
  });

  it('says what a run waits for that does not do what its path says', async () => {
    const [script] = await scriptsOf();
    const [started, first, ...rest] = script!.answers;
    const never = { ...first!, move: { type: 'charge.happened', step: 'charge' } };

    const { differences } = await play(
      { ...script!, answers: [started!, never, ...rest] },
      createWorld(),
    );

    expect(differences).toMatchObject([{ what: 'stuck', expected: 'charge.happened' }]);
  });

  it('goes on where the run stands after its process has died, at any task', async () => {
    const scripts = await scriptsOf();
    const script = scripts.find(({ undone }) => undone.length === 2)!;
    const seen: TaskEffect[] = [];
    await play(script, createWorld({ around: (effect, work) => (seen.push(effect), work()) }));

    for (const deathAt of seen.keys()) {
      const store = createMemoryStore();
      const clock = new ManualClock();
      const life = mortal(store);
      const death = new AbortController();
      let effects = 0;
      await play(script, {
        store: life.store,
        clock,
        died: death.signal,
        around(_effect, work) {
          if (effects++ < deathAt) return work();
          life.die();
          death.abort();
          return new Promise(() => {});
        },
      });

      const { differences } = await play(script, { store, clock });

      expect([deathAt, differences]).toEqual([deathAt, []]);
    }
    expect(seen.length).toBeGreaterThanOrEqual(4);
  });
});

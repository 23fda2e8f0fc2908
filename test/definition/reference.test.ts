/** A reference used as if it were the value: every such use throws and says what to do instead. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Guard, Ref } from '../../src/definition/index.ts';
import { echo, flow, mistake, planOf } from './support/fixtures.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- plain JavaScript, where nothing stops such uses
type Misused = any;

function withReference(use: (ref: Misused) => unknown): string {
  return mistake(() =>
    flow((w) => {
      const step: Ref<string> = w.task('step', echo, { input: w.input.$.id });
      use(step);
      return step;
    }),
  );
}

const uses: readonly [string, (ref: Misused) => unknown][] = [
  ['in a template', (ref) => `${ref}`],
  ['in a sum', (ref) => ref + 1],
  ['in a comparison', (ref) => ref > 5],
  ['as a number', (ref) => Number(ref)],
  ['as a key', (ref) => ({ [ref]: 1 })],
  ['in JSON.stringify', (ref) => JSON.stringify(ref)],
  ['inside an object in JSON.stringify', (ref) => JSON.stringify({ ref })],
  ['in a loop', (ref) => [...ref]],
  ['spread into an object', (ref) => ({ ...ref })],
  ['in Object.keys', (ref) => Object.keys(ref)],
  ['with `in`', (ref) => 'a' in ref],
  ['called', (ref) => ref()],
  ['assigned to', (ref) => Object.assign(ref, { a: 1 })],
  ['deleted from', (ref) => Reflect.deleteProperty(ref, 'a')],
];

describe('a reference', () => {
  it.each(uses)('%s throws', (_, use) => {
    expect(withReference(use)).toMatch(
      /^The reference "step" .+: it stands for a value that exists only in a run; wire it as an input/,
    );
  });

  it('read for a field says how fields are read', () => {
    expect(withReference((ref) => ref.name)).toContain(
      'has no property "name" (a field of the value is `.$.name`)',
    );
  });

  it('awaited throws', async () => {
    let ref: unknown;
    flow((w) => (ref = w.task('step', echo, { input: 'x' })));

    await expect((async () => await ref)()).rejects.toMatchObject({
      code: 'DEFINITION_INVALID',
      message: expect.stringContaining('The reference "step" is awaited'),
    });
  });

  it('may be printed', () => {
    let ref: unknown;
    flow((w) => (ref = w.task('step', echo, { input: 'x' })));

    expect(inspect(ref)).toContain('Function');
  });
});

describe('the fields of a reference', () => {
  it.each(uses.filter(([name]) => name !== 'called'))('%s throw', (_, use) => {
    expect(withReference((ref) => use(ref.$))).toMatch(
      /^"step\.\$" .+: it gives references to the fields/,
    );
  });

  it('are references themselves', () => {
    expect(withReference((ref) => `${ref.$.a}`)).toContain(
      'The reference "step.a" is used as a text or a number',
    );
  });

  it('include methods, which cannot be called', () => {
    expect(withReference((ref) => ref.$.map())).toContain('The reference "step.map" is called');
  });

  it('are paths in the plan, with numbers for places in a list', () => {
    const plan = planOf((w) => {
      const lists = w.derive('lists', w.input, () => ({ a: [{ 'b c': 1 }] }));
      return lists.$.a.$[0]?.$['b c'];
    });

    expect(plan.output).toEqual({ kind: 'ref', of: 'lists', path: ['a', 0, 'b c'] });
  });

  it('are the same reference each time', () => {
    flow((w) => {
      expect(w.input.$.id === w.input.$.id).toBe(true);
      return w.input;
    });
  });
});

describe('a guard', () => {
  it.each(uses.filter(([name]) => name !== 'called'))('%s throws', (_, use) => {
    const define = () =>
      flow((w) => {
        const guard: Guard = w.is(w.input, 'large', () => true);
        use(guard);
        return w.input;
      });

    expect(mistake(define)).toMatch(
      /^The guard "large" .+: it is decided in a run; combine guards with w\.not/,
    );
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import type { Json } from '../../src/plan/json.ts';
import type { Wiring } from '../../src/plan/plan.ts';
import { resolveWiring } from '../../src/plan/wiring.ts';
import { from, nothing } from '../chart/support/plans.ts';

const values: { readonly [of: string]: unknown } = {
  $input: { order: { id: 'o-1', lines: [{ sku: 'a' }, { sku: 'b' }] }, none: null },
  skipped: undefined,
  text: 'abc',
};

function resolve(wiring: Wiring): unknown {
  return resolveWiring(wiring, (of) => (Object.hasOwn(values, of) ? values[of] : undefined));
}

function literal(value: Json): Wiring {
  return { kind: 'literal', value };
}

describe('references', () => {
  it.each<[string, Wiring, unknown]>([
    ['the whole value', from('$input'), values['$input']],
    ['a field below it', from('$input', 'order', 'id'), 'o-1'],
    ['an element of a list', from('$input', 'order', 'lines', 1, 'sku'), 'b'],
    ['an element by a textual index', from('$input', 'order', 'lines', '0', 'sku'), 'a'],
    ['null as null', from('$input', 'none'), null],
  ])('deliver %s', (_, wiring, expected) => {
    expect(resolve(wiring)).toEqual(expected);
  });

  it.each<[string, Wiring]>([
    ['a skipped step', from('skipped')],
    ['a field of a skipped step', from('skipped', 'a', 'b')],
    ['a field that is missing', from('$input', 'order', 'price')],
    ['a field below null', from('$input', 'none', 'x')],
    ['an element past the end', from('$input', 'order', 'lines', 2)],
    ['a property of a text', from('text', 'length')],
    ['something inherited', from('$input', 'order', 'toString')],
    ['a prototype', from('$input', '__proto__', 'constructor')],
  ])('are undefined for %s', (_, wiring) => {
    expect(resolve(wiring)).toBeUndefined();
  });
});

describe('objects and lists', () => {
  it('are put together from their parts', () => {
    const wiring: Wiring = {
      kind: 'object',
      entries: [
        ['id', from('$input', 'order', 'id')],
        ['list', { kind: 'array', items: [literal(1), from('text')] }],
        ['inner', { kind: 'object', entries: [['x', literal(null)]] }],
      ],
    };

    expect(resolve(wiring)).toEqual({ id: 'o-1', list: [1, 'abc'], inner: { x: null } });
  });

  it('leave out what is undefined in an object and keep its place in a list', () => {
    const object: Wiring = {
      kind: 'object',
      entries: [
        ['gone', from('skipped')],
        ['absent', nothing],
        ['here', literal(1)],
      ],
    };

    expect(Object.keys(resolve(object) as object)).toEqual(['here']);
    expect(resolve({ kind: 'array', items: [nothing, literal(1)] })).toEqual([undefined, 1]);
  });
});

describe('hostile keys (G-01)', () => {
  afterEach(() => {
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'takes "%s" for a key like any other',
    (key) => {
      const value = resolve({ kind: 'object', entries: [[key, literal({ polluted: true })]] });

      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(Object.getOwnPropertyDescriptor(value, key)).toMatchObject({
        value: { polluted: true },
        enumerable: true,
      });
    },
  );

  it('follows an own key "__proto__"', () => {
    const source = JSON.parse('{ "__proto__": { "x": 1 } }') as unknown;

    expect(resolveWiring(from('a', '__proto__', 'x'), () => source)).toBe(1);
  });
});

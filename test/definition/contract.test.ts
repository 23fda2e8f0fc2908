import { Buffer } from 'node:buffer';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contractOf, doorOf, jsonSchemaOf, sensitivePaths } from '../../src/definition/index.ts';
import type { Contract } from '../../src/ports/bindings.ts';

const anything = contractOf(z.unknown());

function problems(contract: Contract, value: unknown): string[] {
  const result = contract.parse(value);
  if (result.ok) throw new Error(`Expected issues, got ${JSON.stringify(result.stored)}`);
  return result.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

const at = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});

class Money {
  readonly cents = 5;
}

describe('a contract', () => {
  it('gives the value code sees and the form that is stored', () => {
    const contract = contractOf(z.object({ id: z.string(), n: z.number().default(3) }));

    expect(contract.parse({ id: 'a', extra: true })).toEqual({
      ok: true,
      value: { id: 'a', n: 3 },
      stored: { id: 'a', n: 3 },
    });
  });

  it('reports issues with their path', () => {
    const contract = contractOf(z.object({ lines: z.array(z.object({ sku: z.string() })) }));

    expect(problems(contract, { lines: [{ sku: 'a' }, { sku: 1 }] })).toEqual([
      'lines.1.sku: Invalid input: expected string, received number',
    ]);
  });

  it('reports the nearest option of a union', () => {
    const contract = contractOf(
      z.union([z.object({ a: z.object({ b: z.string() }) }), z.number()]),
    );

    expect(problems(contract, { a: { b: 1 } })).toEqual([
      'a.b: Invalid input: expected string, received number',
    ]);
  });

  it('keeps strict forms strict', () => {
    expect(problems(contractOf(z.strictObject({ a: z.string() })), { a: 'x', b: 1 })).toEqual([
      ': Unrecognized key: "b"',
    ]);
  });

  it('refuses an asynchronous schema instead of hanging or throwing', () => {
    const contract = contractOf(z.string().refine(async () => true));

    expect(problems(contract, 'x')[0]).toContain('contracts are synchronous');
  });

  it('survives a schema that throws', () => {
    const contract = contractOf(
      z.string().refine(() => {
        throw new Error('boom');
      }),
    );

    expect(problems(contract, 'x')).toEqual([': cannot be checked: its schema threw "boom"']);
  });
});

describe('G-03: what JSON cannot carry', () => {
  const circular: { self?: unknown } = {};
  circular.self = circular;

  it.each([
    ['a Date', new Date(0), 'is a Date, which JSON cannot carry; use z.codec or return a string'],
    ['an invalid Date', new Date(Number.NaN), 'is a Date'],
    ['a Map', new Map([[1, 2]]), 'is a Map, which JSON cannot carry'],
    ['a Set', new Set([1]), 'is a Set'],
    ['a BigInt', 1n, 'is a BigInt'],
    ['a function', () => 1, 'is a function'],
    ['a symbol', Symbol('x'), 'is a symbol'],
    ['NaN', Number.NaN, 'is NaN'],
    ['Infinity', Number.NEGATIVE_INFINITY, 'is -Infinity'],
    ['a cycle', circular, 'refers back to a value it is part of'],
    ['an Error', new Error('x', { cause: new Error('y') }), 'is an Error'],
    ['a class instance', new Money(), 'is an instance of Money'],
    ['a Buffer', Buffer.from('x'), 'is a Buffer'],
    ['a typed array', new Uint8Array(2), 'is an instance of Uint8Array'],
    ['a RegExp', /x/, 'is a RegExp'],
    ['a URL', new URL('https://example.com'), 'is a URL'],
    ['a promise', Promise.resolve(1), 'is a Promise'],
    ['a boxed number', Object(3), 'is an instance of Number'],
    ['an object with a symbol as key', { [Symbol('s')]: 1 }, 'has a symbol as a key'],
  ])('%s is an issue with its path', (_, value, message) => {
    const [issue] = problems(anything, { list: [{ it: value }] });

    expect(issue?.startsWith('list.0.it')).toBe(true);
    expect(issue).toContain(message);
  });

  it('includes undefined in a list, and holes', () => {
    expect(problems(anything, [1, undefined])).toEqual([
      '1: is undefined inside a list, which JSON turns into null; use null',
    ]);
    // oxlint-disable-next-line no-sparse-arrays -- the hole is what is tested
    expect(problems(anything, [1, , 3])).toEqual([
      '1: is a hole in a list, which JSON turns into null',
    ]);
  });

  it('does not include undefined properties, which are left out', () => {
    expect(anything.parse({ a: undefined, b: 1 })).toEqual({
      ok: true,
      value: { b: 1 },
      stored: { b: 1 },
    });
  });

  it('does not include −0, which is stored as 0 and given back as 0', () => {
    const result = anything.parse({ n: -0 });

    expect(result).toMatchObject({ ok: true });
    expect(result.ok && Object.is((result.value as { n: number }).n, 0)).toBe(true);
    expect(result.ok && JSON.stringify(result.stored)).toBe('{"n":0}');
  });

  it('does not include plain objects of another realm or without a prototype', () => {
    expect(anything.parse(runInNewContext('({ a: [1] })'))).toMatchObject({
      ok: true,
      stored: { a: [1] },
    });
    expect(anything.parse(Object.assign(Object.create(null), { a: 1 }))).toMatchObject({
      ok: true,
      stored: { a: 1 },
    });
  });

  it('does not include an instance whose schema takes its fields', () => {
    expect(contractOf(z.object({ cents: z.number() })).parse(new Money())).toMatchObject({
      ok: true,
      stored: { cents: 5 },
    });
  });

  it('reports several places at once, but not without end', () => {
    expect(
      problems(
        anything,
        Array.from({ length: 100 }, () => 1n),
      ),
    ).toHaveLength(10);
  });
});

describe('G-01: keys with a meaning in JavaScript', () => {
  it.each(['{"__proto__": {"x": 1}}', '{"a": {"__proto__": {"x": 1}}}'])(
    '%s is refused and pollutes nothing',
    (text) => {
      for (const contract of [
        anything,
        contractOf(z.record(z.string(), z.unknown())),
        contractOf(z.looseObject({})),
      ]) {
        expect(problems(contract, JSON.parse(text))[0]).toContain(
          'is a key that JavaScript gives a meaning of its own',
        );
      }
      expect(({} as { x?: unknown }).x).toBeUndefined();
    },
  );

  it('are kept as data where they are harmless', () => {
    const value = { constructor: { prototype: { x: 1 } }, toString: 'text', hasOwnProperty: true };

    const result = anything.parse(value);

    expect(result.ok && JSON.stringify(result.stored)).toBe(JSON.stringify(value));
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });
});

describe('G-07: values that fight back', () => {
  it('a getter that throws is an issue with its path', () => {
    const value = {
      a: {
        get b() {
          throw new Error('boom');
        },
      },
    };

    expect(problems(anything, value)).toEqual(['a.b: cannot be read: boom']);
  });

  it('a getter is read once', () => {
    let reads = 0;
    const value = {
      get n() {
        return ++reads;
      },
    };

    expect(contractOf(z.object({ n: z.number() })).parse(value)).toMatchObject({
      ok: true,
      stored: { n: 1 },
    });
  });

  it('a proxy that throws is an issue', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const hostile = new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('no keys');
        },
      },
    );

    expect(problems(anything, { a: proxy })[0]).toContain('a: cannot be read');
    expect(problems(anything, { a: hostile })).toEqual(['a: cannot be read: no keys']);
  });

  it('a value changed after it was given is stored as it was', () => {
    const given = { list: [1], any: { deep: 1 } };
    const result = contractOf(z.object({ list: z.array(z.number()), any: z.unknown() })).parse(
      given,
    );

    given.list.push(2);
    given.any.deep = 2;

    expect(result).toMatchObject({ ok: true, stored: { list: [1], any: { deep: 1 } } });
  });

  it('a value changed by code leaves the stored one and later ones alone', () => {
    const result = anything.parse({ deep: { n: 1 } });
    if (!result.ok) throw new Error('refused');

    (result.value as { deep: { n: number } }).deep.n = 2;
    (anything.restore(result.stored) as { deep: { n: number } }).deep.n = 3;

    expect(result.stored).toEqual({ deep: { n: 1 } });
  });
});

describe('B-02: nesting', () => {
  const nested = (levels: number, wrap: (inner: unknown) => unknown) => {
    let value: unknown = 1;
    for (let n = 0; n < levels; n++) value = wrap(value);
    return value;
  };

  it.each([
    ['objects', (inner: unknown) => ({ inner })],
    ['lists', (inner: unknown) => [inner]],
  ])('of 100,000 %s is refused without overflowing the stack', (_, wrap) => {
    for (const contract of [anything, contractOf(z.json()), doorOf(z.unknown())]) {
      expect(problems(contract, nested(100_000, wrap))[0]).toContain(
        'is nested more than 1000 levels deep',
      );
    }
  });

  it('of 1,000 levels is accepted', () => {
    expect(anything.parse(nested(1_000, (inner) => [inner])).ok).toBe(true);
    expect(anything.parse(nested(1_001, (inner) => [inner])).ok).toBe(false);
  });

  it('of instances is refused as well', () => {
    class Link {
      readonly next: unknown;
      constructor(next: unknown) {
        this.next = next;
      }
    }
    const Chain: z.ZodType = z.object({
      get next(): z.ZodType {
        return z.union([z.number(), Chain]);
      },
    });

    expect(
      problems(
        contractOf(Chain),
        nested(100_000, (inner) => new Link(inner)),
      )[0],
    ).toContain('nested too deeply');
  });

  it('that shares its parts does not unfold without end', () => {
    const bomb = nested(40, (inner) => [inner, inner]);

    expect(problems(anything, bomb)[0]).toContain('has more than 1000000 values');
  });
});

describe('G-04: a value after a crash', () => {
  const contract = contractOf(
    z.object({ at, list: z.array(at).optional(), text: z.string().default('none') }),
  );

  it('is the same as before, codecs included', () => {
    const result = contract.parse({ at: '2026-01-02T03:04:05.000Z' });
    if (!result.ok) throw new Error('refused');

    expect(result.stored).toEqual({ at: '2026-01-02T03:04:05.000Z', text: 'none' });
    expect(result.value).toEqual({ at: new Date('2026-01-02T03:04:05.000Z'), text: 'none' });
    expect(contract.restore(JSON.parse(JSON.stringify(result.stored)))).toEqual(result.value);
  });

  it('has passed transforms and defaults once', () => {
    const doubling = contractOf(
      z.object({ n: z.number().transform((n) => n * 2), m: z.string().default('m') }),
    );
    const result = doubling.parse({ n: 2 });

    expect(result).toEqual({ ok: true, value: { n: 4, m: 'm' }, stored: { n: 4, m: 'm' } });
    expect(doubling.restore({ n: 4, m: 'm' })).toEqual({ n: 4, m: 'm' });
  });

  it('is refused at once if its codec cannot be run backwards', () => {
    const lossy = contractOf(
      z.codec(z.string(), z.unknown(), {
        decode: () => 1,
        encode: () => {
          throw new Error('one way');
        },
      }),
    );

    expect(problems(lossy, 'x')[0]).toContain('one way');
  });

  it('is refused if a codec stores what JSON cannot carry', () => {
    const odd = contractOf(
      z.object({
        x: z.codec(z.unknown(), z.unknown(), { decode: (value) => value, encode: () => new Map() }),
      }),
    );

    expect(problems(odd, { x: 1 })).toEqual(['x: is a Map, which JSON cannot carry']);
  });

  it('needs its codec to stand without transforms', () => {
    expect(() => contractOf(z.object({ at, n: z.string().transform(Number) }))).toThrow(
      /its transform at "n" cannot be run backwards/,
    );
  });
});

describe('nothing', () => {
  it('is stored as null and restored as undefined', () => {
    const nothing = contractOf(z.void());

    expect(nothing.parse(undefined)).toEqual({ ok: true, value: undefined, stored: null });
    expect(nothing.restore(null)).toBeUndefined();
    expect(nothing.parse(1).ok).toBe(false);
  });

  it('is kept apart from null', () => {
    const optional = contractOf(z.string().optional());
    const nullish = contractOf(z.string().nullish());

    expect(optional.parse(undefined)).toEqual({ ok: true, value: undefined, stored: null });
    expect(optional.restore(null)).toBeUndefined();
    expect(nullish.parse(null)).toEqual({ ok: true, value: null, stored: null });
    expect(nullish.restore(null)).toBeNull();
    expect(problems(nullish, undefined)).toEqual([
      ': is undefined, which JSON cannot carry; use null',
    ]);
  });
});

describe('the door of a task', () => {
  it('accepts what a codec has restored', () => {
    const date = new Date(0);

    expect(doorOf(z.object({ at: z.date() })).parse({ at: date })).toEqual({
      ok: true,
      value: { at: date },
      stored: null,
    });
  });

  it('gives each attempt a copy of its own', () => {
    const given = { deep: { n: 1 } };
    const result = doorOf(z.unknown()).parse(given);

    expect(result.ok && result.value).toEqual(given);
    expect(result.ok && result.value).not.toBe(given);
    expect(result.ok && result.stored).toEqual(given);
  });
});

describe('restoring', () => {
  it('gives copies, and keeps keys as data that a store may hold', () => {
    const stored = JSON.parse('{"a": {"__proto__": {"x": 1}}}');

    for (const contract of [anything, doorOf(z.unknown())]) {
      const restored = contract.restore(stored) as { a: object };
      expect(restored).not.toBe(stored);
      expect(Object.getPrototypeOf(restored.a)).toBe(Object.prototype);
      expect(JSON.stringify(restored)).toBe(JSON.stringify(stored));
    }
  });

  it('that fails right after storing is an issue', () => {
    const once = contractOf(
      z.codec(z.string(), z.string(), {
        decode: (text) => {
          if (text === 'encoded') throw new Error('cannot be read back');
          return text;
        },
        encode: () => 'encoded',
      }),
    );

    expect(problems(once, 'x')).toEqual([
      ': cannot be restored from its stored form: cannot be read back',
    ]);
  });
});

describe('messages about what was thrown', () => {
  const throwing = (thrown: unknown) =>
    problems(
      contractOf(
        z.string().refine(() => {
          throw thrown;
        }),
      ),
      'x',
    )[0];

  it.each([
    ['a text', 'boom', 'boom'],
    ['nothing', undefined, 'undefined'],
    ['an object', { a: 1 }, 'an object'],
    ['a list', [1], 'a list'],
    ['a number', 3, 'a number'],
    [
      'an error that cannot be read',
      Object.defineProperty(new Error('x'), 'message', {
        get: () => {
          throw new Error('y');
        },
      }),
      'an error without a readable message',
    ],
    [
      'an object that cannot be read',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('y');
          },
        },
      ),
      'an object that cannot be read',
    ],
  ])('hold %s', (_, thrown, text) => {
    expect(throwing(thrown)).toBe(`: cannot be checked: its schema threw "${text}"`);
  });

  it('call something without a name an object', () => {
    expect(problems(anything, Object.create({ constructor: { name: '' } }))).toEqual([
      ': is an object, which JSON cannot carry',
    ]);
  });
});

describe('sensitive fields', () => {
  const secret = z.string().meta({ sensitive: true });

  it('are found in objects, lists, records, tuples, unions and behind wrappers', () => {
    const schema = z.object({
      token: secret.optional(),
      list: z.array(z.object({ pin: secret })),
      record: z.record(z.string(), secret.nullable()),
      pair: z.tuple([z.string(), secret]).rest(secret),
      set: z.set(secret),
      both: z.intersection(z.object({ c: secret }), z.object({ d: z.string() })),
      lazy: z.lazy(() => secret),
      rest: z.object({}).catchall(secret),
      either: z.union([z.object({ a: secret }), z.object({ b: z.string() })]),
      plain: z.string(),
    });

    expect(sensitivePaths(schema)).toEqual([
      ['token'],
      ['list', '*', 'pin'],
      ['record', '*'],
      ['pair', '1'],
      ['pair', '*'],
      ['set', '*'],
      ['both', 'c'],
      ['lazy'],
      ['rest', '*'],
      ['either', 'a'],
    ]);
  });

  it('cover everything below the point where a schema contains itself', () => {
    const Person: z.ZodType = z.object({
      ssn: secret,
      get children(): z.ZodType {
        return z.array(Person);
      },
    });

    expect(sensitivePaths(Person)).toEqual([['ssn'], ['children', '*']]);
  });

  it('may be the whole value', () => {
    expect(sensitivePaths(secret)).toEqual([[]]);
    expect(sensitivePaths(z.string())).toEqual([]);
  });
});

describe('the JSON Schema of a zod schema', () => {
  it('has a side for what goes in and one for what comes out', () => {
    const schema = z.object({ n: z.string().transform(Number), d: z.string().default('x') });

    expect(jsonSchemaOf(schema, 'input')).toEqual({
      type: 'object',
      properties: { n: { type: 'string' }, d: { type: 'string', default: 'x' } },
      required: ['n'],
    });
    expect(jsonSchemaOf(schema, 'output')).toMatchObject({
      required: ['n', 'd'],
      additionalProperties: false,
    });
  });

  it.each([
    ['coercion', z.coerce.number()],
    ['catching', z.number().catch(1)],
    ['preprocessing', z.preprocess(Number, z.number())],
    ['files', z.file()],
    ['dates', z.date()],
    ['a literal undefined', z.literal(['a', undefined])],
  ])('says nothing about %s on the way in', (_, schema) => {
    expect(jsonSchemaOf(schema, 'input')).toEqual({});
  });
});

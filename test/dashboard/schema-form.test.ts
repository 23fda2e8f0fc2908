import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { quote } from '../../src/dashboard/parts/shell-command.ts';
import { loadDraft, saveDraft } from '../../src/dashboard/schema-form/draft.ts';
import { type FieldShape, fieldShapeOf } from '../../src/dashboard/schema-form/field-shape.ts';
import {
  hintsFor,
  pathText,
  problemsOfRefusal,
} from '../../src/dashboard/schema-form/form-problems.ts';
import {
  initialValueOf,
  optionOf,
  withField,
  withoutSensitive,
} from '../../src/dashboard/schema-form/form-value.ts';
import { jsonSchemaOf } from '../../src/definition/json-schema.ts';

const order = jsonSchemaOf(
  z.object({
    order_id: z.string().min(1).max(100).describe('As on the bill'),
    items: z.array(z.object({ sku: z.string(), quantity: z.int().min(1) })).min(1),
    speed: z.enum(['slow', 'fast']).default('slow'),
    gift: z.boolean(),
    note: z.string().max(5_000).optional(),
    due: z.iso.date().nullable(),
    card: z.string().meta({ sensitive: true }),
    source: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('shop'), shop: z.string() }),
      z.object({ kind: z.literal('web'), url: z.url() }),
    ]),
    extra: z.record(z.string(), z.number()).optional(),
    anything: z.json().optional(),
  }),
  'input',
);

function fieldsOf(shape: FieldShape) {
  if (shape.kind !== 'object') throw new TypeError(`is ${shape.kind}`);
  return Object.fromEntries(shape.fields.map((field) => [field.name, field]));
}

describe('form from a JSON Schema', () => {
  it('finds the control that suits each field', () => {
    const fields = fieldsOf(fieldShapeOf(order));

    expect(Object.entries(fields).map(([name, { shape }]) => [name, shape.kind])).toEqual([
      ['order_id', 'text'],
      ['items', 'list'],
      ['speed', 'choice'],
      ['gift', 'boolean'],
      ['note', 'text'],
      ['due', 'text'],
      ['card', 'text'],
      ['source', 'union'],
      ['extra', 'record'],
      ['anything', 'json'],
    ]);
    expect(fields['order_id']?.shape).toMatchObject({
      label: 'Order id',
      description: 'As on the bill',
    });
    expect(fields['note']).toMatchObject({ isRequired: false, shape: { isLong: true } });
    expect(fields['due']?.shape).toMatchObject({ format: 'date', isNullable: true });
    expect(fields['card']?.shape.isSensitive).toBe(true);
    expect(fields['source']?.shape).toMatchObject({
      options: [{ label: 'shop' }, { label: 'web' }],
    });
  });

  it('begins with what the schema fills in, and nothing else', () => {
    expect(initialValueOf(fieldShapeOf(order))).toEqual({
      items: [{}],
      speed: 'slow',
      gift: false,
      due: null,
      source: { kind: 'shop' },
    });
  });

  it('shows the option of a union the value has', () => {
    const { source } = fieldsOf(fieldShapeOf(order));
    const options = source?.shape.kind === 'union' ? source.shape.options : [];

    expect(optionOf(options, { kind: 'web', url: '' })).toBe(1);
    expect(optionOf(options, undefined)).toBe(0);
  });

  it('says what is wrong by field, as the service does', () => {
    const value = { ...example, order_id: '', items: [{ sku: 'a', quantity: 0 }] };

    expect(hintsFor(value, order)).toEqual([
      { path: ['order_id'], message: 'Is required' },
      { path: ['items', 0, 'quantity'], message: expect.stringContaining('>=1') },
    ]);
    expect(hintsFor(example, order)).toEqual([]);
    expect(
      problemsOfRefusal({ issues: [{ path: ['items', 0], message: 'no', code: 'custom' }] }),
    ).toEqual([{ path: ['items', 0], message: 'no' }]);
    expect(problemsOfRefusal({ issues: 'none' })).toEqual([]);
    const named = (...path: (string | number)[]) => pathText(fieldShapeOf(order), path);
    expect(named('order_id')).toBe('Order id');
    expect(named('items', 0, 'sku')).toBe('Items › 1 › Sku');
    expect(named('source', 'url')).toBe('Source › Url');
    expect(named('extra', 'given_name', 'deeper')).toBe('Extra › given_name › deeper');
  });

  it('keeps a draft without what is sensitive, for the same form only', () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, text: string) => void kept.set(key, text),
      removeItem: (key: string) => void kept.delete(key),
    };
    const shape = fieldShapeOf(order);

    saveDraft(storage, 'start.order', { value: example, schema: order, shape }, 1_000);

    expect([...kept.values()].join('')).not.toContain('4242');
    expect(loadDraft(storage, 'start.order', order, 2_000)).toEqual(
      withField(example, 'card', undefined),
    );
    expect(loadDraft(storage, 'start.order', { ...order, title: 'Other' }, 2_000)).toBeNull();
    expect(loadDraft(storage, 'start.order', order, 1e12)).toBeNull();
    expect(withoutSensitive('4242', { ...shape, isSensitive: true })).toBeUndefined();
  });

  it('edits as JSON what contains itself', () => {
    interface Tree {
      readonly name: string;
      readonly parts: readonly Tree[];
    }
    const tree: z.ZodType<Tree> = z.lazy(() =>
      z.object({ name: z.string(), parts: z.array(tree) }),
    );

    const { parts } = fieldsOf(fieldShapeOf(jsonSchemaOf(tree, 'input')));

    expect(parts?.shape).toMatchObject({ kind: 'list', item: { kind: 'json' } });
  });
});

const example = {
  order_id: 'o-1',
  items: [{ sku: 'a', quantity: 1 }],
  speed: 'fast',
  gift: true,
  due: '2026-01-31',
  card: '4242',
  source: { kind: 'web', url: 'https://example.com' },
};

describe('a command to copy', () => {
  it('E-10: holds nothing that a terminal would obey or a reader would not see', () => {
    expect(quote('0mwq-1')).toBe('0mwq-1');
    expect(quote("it's; $(id)")).toBe(`'it'\\''s; $(id)'`);
    expect(quote("a\u001b[201~\n';\u202ex")).toBe(String.raw`$'a\u001b[201~\u000a\';\u202ex'`);
  });
});

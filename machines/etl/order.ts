import { z } from 'zod';

/** Header of the CSV file, in this order. */
export const columns = [
  'order_id',
  'ordered_on',
  'email',
  'product',
  'quantity',
  'unit_price',
  'note',
] as const;

/** A record of the file as it is to be loaded; money in whole cents. */
const Order = z
  .tuple([
    z.string().regex(/^[1-9]\d{0,14}$/),
    z.iso.date(),
    z
      .string()
      .trim()
      .toLowerCase()
      .max(254)
      .regex(/^[^\s@]+@[^\s@]+$/),
    z.string().trim().min(1).max(100),
    z.string().regex(/^[1-9]\d{0,5}$/),
    z.string().regex(/^\d{1,9}\.\d{2}$/),
    z.string().max(1_000),
  ])
  .transform(([id, orderedOn, email, product, quantity, unitPrice, note]) => ({
    orderId: Number(id),
    orderedOn,
    email,
    product,
    quantity: Number(quantity),
    totalCents: Number(quantity) * Number(unitPrice.replace('.', '')),
    note: note === '' ? null : note,
  }));
export type Order = z.infer<typeof Order>;

export type Transformed =
  | { readonly ok: true; readonly order: Order }
  | { readonly ok: false; readonly reason: string };

/** Pure: the same record always gives the same order, or the same reason why it is none. */
export function transform(record: readonly string[]): Transformed {
  const parsed = Order.safeParse(record);
  if (parsed.success) return { ok: true, order: parsed.data };
  const [issue] = parsed.error.issues;
  const column = columns[Number(issue?.path[0])];
  const reason =
    column === undefined
      ? `${record.length} fields instead of ${columns.length}`
      : `${column}: ${issue?.message}`;
  return { ok: false, reason };
}

/** The systems behind the shop's workflows: a warehouse, a payment provider and a carrier. */
import { z } from 'zod';
import { type Answer, bodyRoute, call, type Platform, route } from './platform.ts';

const Sku = z.string().trim().toUpperCase().min(1).max(40);
export const Item = z.object({
  sku: Sku,
  quantity: z.int().min(1).max(1_000),
  unit_cents: z.int().min(0).max(10_000_000).describe('Price of one, in cents'),
});
export const Payment = z.object({
  card: z.string().min(1).max(64).describe('Token of the card at the payment provider'),
  cents: z.int().min(1).max(100_000_000).describe('What is to be paid, in cents'),
});
export const Address = z.string().trim().min(1).max(200);
export type Item = z.infer<typeof Item>;

const Held = z.object({
  order_id: z.string(),
  items: z.array(z.object({ sku: z.string(), quantity: z.int() })),
  status: z.enum(['held', 'released']),
});
const Charged = z.object({
  order_id: z.string(),
  card: z.string(),
  cents: z.int(),
  status: z.enum(['completed', 'refunded']),
});
const Shipped = z.object({
  order_id: z.string(),
  address: z.string(),
  status: z.enum(['announced', 'cancelled']),
});
const stock = { name: 'stock', schema: z.object({ onHand: z.int() }) };
const reservations = { name: 'reservations', schema: Held };
const charges = { name: 'charges', schema: Charged };
const shipments = { name: 'shipments', schema: Shipped };
const counters = { name: 'counters', schema: z.object({ last: z.int() }) };

/** What the stand-ins hold at first. Cards that are not listed are declined. */
const shelves: Readonly<Record<string, number>> = { 'LAMP-01': 40, 'DESK-02': 5, 'CHAIR-03': 12 };
const cards: Readonly<Record<string, number>> = { card_ann: 500_000, card_ben: 20_000 };
const lastTransaction = 122;

const refusal = (status: number, error: string): Answer => ({ status, body: { error } });

/** Holds articles back for an order; all of them or none. */
export const warehouse: Platform = {
  name: 'warehouse',
  urlFrom: 'WAREHOUSE_URL',
  routes: [
    bodyRoute('POST /reservations', Held.omit({ status: true }), ({ id, body, rows }) => {
      const left = (sku: string) => rows(stock).get(sku)?.onHand ?? shelves[sku] ?? 0;
      const missing = body.items.find(({ sku, quantity }) => left(sku) < quantity);
      if (missing !== undefined)
        return refusal(
          409,
          `${missing.quantity} of ${missing.sku} wanted, ${left(missing.sku)} left`,
        );
      for (const { sku, quantity } of body.items)
        rows(stock).put(sku, { onHand: left(sku) - quantity });
      rows(reservations).put(id, { ...body, status: 'held' });
      return { status: 201, body: { id } };
    }),
    route('DELETE /reservations/:id', ({ param, rows }) => {
      const held = rows(reservations).get(param('id'));
      if (held === null) return refusal(404, 'There is no such reservation');
      if (held.status === 'released') return { status: 200, body: {} };
      for (const { sku, quantity } of held.items)
        rows(stock).put(sku, { onHand: (rows(stock).get(sku)?.onHand ?? 0) + quantity });
      rows(reservations).put(param('id'), { ...held, status: 'released' });
      return { status: 200, body: {} };
    }),
    route('GET /reservations/:id', ({ param, rows }) => {
      const held = rows(reservations).get(param('id'));
      return held === null
        ? refusal(404, 'There is no such reservation')
        : { status: 200, body: held };
    }),
    route('GET /stock/:sku', ({ param, rows }) => ({
      status: 200,
      body: { on_hand: rows(stock).get(param('sku'))?.onHand ?? shelves[param('sku')] ?? 0 },
    })),
  ],
};

/** Charges cards and pays back. Its transactions are numbered. */
export const payments: Platform = {
  name: 'payments',
  urlFrom: 'PAYMENTS_URL',
  routes: [
    bodyRoute('POST /charges', Charged.omit({ status: true }), ({ body, rows }) => {
      const limit = cards[body.card];
      if (limit === undefined) return refusal(402, `The card ${body.card} was declined`);
      if (body.cents > limit)
        return refusal(402, `${body.cents} cents are above the limit of the card`);
      const next = (rows(counters).get('transaction')?.last ?? lastTransaction) + 1;
      rows(counters).put('transaction', { last: next });
      rows(charges).put(`txn_${next}`, { ...body, status: 'completed' });
      return { status: 201, body: { transaction_id: `txn_${next}`, status: 'completed' } };
    }),
    route('POST /charges/:id/refund', ({ param, rows }) => {
      const charged = rows(charges).get(param('id'));
      if (charged === null) return refusal(404, 'There is no such transaction');
      rows(charges).put(param('id'), { ...charged, status: 'refunded' });
      return { status: 200, body: {} };
    }),
    route('GET /charges/:id', ({ param, rows }) => {
      const charged = rows(charges).get(param('id'));
      return charged === null
        ? refusal(404, 'There is no such transaction')
        : { status: 200, body: charged };
    }),
  ],
};

/** Fetches parcels; an announced parcel can be cancelled. */
export const carrier: Platform = {
  name: 'carrier',
  urlFrom: 'CARRIER_URL',
  routes: [
    bodyRoute('POST /shipments', Shipped.omit({ status: true }), ({ id, body, rows }) => {
      rows(shipments).put(id, { ...body, status: 'announced' });
      return { status: 201, body: { id } };
    }),
    route('DELETE /shipments/:id', ({ param, rows }) => {
      const shipped = rows(shipments).get(param('id'));
      if (shipped === null) return refusal(404, 'There is no such shipment');
      rows(shipments).put(param('id'), { ...shipped, status: 'cancelled' });
      return { status: 200, body: {} };
    }),
    route('GET /shipments/:id', ({ param, rows }) => {
      const shipped = rows(shipments).get(param('id'));
      return shipped === null
        ? refusal(404, 'There is no such shipment')
        : { status: 200, body: shipped };
    }),
  ],
};

interface Attempt {
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}
const Made = z.object({ id: z.string() });
const Transaction = z.object({ transaction_id: z.string(), status: z.literal('completed') });
const anything = z.unknown();

/** Holds the items back. @returns the id of the reservation. @throws PermanentError if there are not enough of one */
export async function reserveItems(
  order: { readonly order_id: string; readonly items: readonly Item[] },
  { idempotencyKey, signal }: Attempt,
): Promise<string> {
  const items = order.items.map(({ sku, quantity }) => ({ sku, quantity }));
  const made = await call(warehouse, {
    method: 'POST',
    path: '/reservations',
    body: { order_id: order.order_id, items },
    idempotencyKey,
    signal,
    answer: Made,
  });
  return made.id;
}

export async function releaseItems(id: string, { idempotencyKey, signal }: Attempt): Promise<void> {
  const path = `/reservations/${encodeURIComponent(id)}`;
  await call(warehouse, { method: 'DELETE', path, idempotencyKey, signal, answer: anything });
}

/** Charges the card. @throws PermanentError if the provider declines */
export function charge(
  body: { readonly order_id: string; readonly card: string; readonly cents: number },
  { idempotencyKey, signal }: Attempt,
): Promise<z.infer<typeof Transaction>> {
  const path = '/charges';
  return call(payments, {
    method: 'POST',
    path,
    body,
    idempotencyKey,
    signal,
    answer: Transaction,
  });
}

export async function refund(id: string, { idempotencyKey, signal }: Attempt): Promise<void> {
  const path = `/charges/${encodeURIComponent(id)}/refund`;
  await call(payments, { method: 'POST', path, idempotencyKey, signal, answer: anything });
}

/** Announces the parcel. @returns the id of the shipment */
export async function ship(
  body: { readonly order_id: string; readonly address: string },
  { idempotencyKey, signal }: Attempt,
): Promise<string> {
  const path = '/shipments';
  const made = await call(carrier, {
    method: 'POST',
    path,
    body,
    idempotencyKey,
    signal,
    answer: Made,
  });
  return made.id;
}

export async function cancelShipment(
  id: string,
  { idempotencyKey, signal }: Attempt,
): Promise<void> {
  const path = `/shipments/${encodeURIComponent(id)}`;
  await call(carrier, { method: 'DELETE', path, idempotencyKey, signal, answer: anything });
}

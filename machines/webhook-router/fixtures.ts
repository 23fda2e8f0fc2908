import type { Fixtures } from '../../src/testing/index.ts';

/** One event of each type, and one of a type nobody handles. */
export const fixtures: Fixtures = {
  inputs: [
    {
      id: 'wh-1',
      type: 'payment.completed',
      data: { payment_id: 'p-1', order_id: 'o-1', cents: 4_900 },
    },
    { id: 'wh-2', type: 'parcel.lost', data: { parcel_id: 'x-1' } },
    { id: 'wh-3', type: 'user.created', data: { user_id: 'u-1', email: 'ann@example.com' } },
    { id: 'wh-4', type: 'order.cancelled', data: { order_id: 'o-1', reason: 'late' } },
  ],
};

import { expect, it } from 'vitest';
import { type CourierDeps, createCourier } from '../../src/engine/courier.ts';

it.each(Array.from({ length: 12 }, (_, after) => after))(
  'M018: a message that comes %d turns after the inbox was read is seen',
  async (after) => {
    let isThere = false;
    let isSeen = false;
    const store = {
      async inbox() {
        isSeen ||= isThere;
        return [];
      },
    };
    const courier = createCourier({ store } as unknown as CourierDeps);

    const first = courier.broadcast();
    for (let turn = 0; turn < after; turn += 1) await Promise.resolve();
    isThere = true;
    const second = courier.broadcast();
    await Promise.all([first, second]);

    expect(isSeen).toBe(true);
  },
);

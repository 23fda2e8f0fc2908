import { type Platform, route } from '../platform.ts';

const cents = new Map([
  ['anvil', 12_900],
  ['hammer', 1_850],
  ['tongs', 2_400],
  ['apron', 3_990],
]);

/** The price list of a supplier; `PRICES_URL` names the real one. */
export const priceService: Platform = {
  name: 'prices',
  urlFrom: 'PRICES_URL',
  routes: [
    route('GET /prices/:product', (received) => {
      const product = received.param('product');
      const price = cents.get(product);
      return price === undefined
        ? { status: 404, body: { error: `No price for "${product}"` } }
        : { status: 200, body: { product, cents: price } };
    }),
  ],
};

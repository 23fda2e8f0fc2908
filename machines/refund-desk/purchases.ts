import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { PermanentError } from '../../src/index.ts';

export const Purchase = z.object({
  purchase_id: z.string(),
  article: z.string(),
  cents: z.int().positive(),
  arrived: z.boolean(),
});
export type Purchase = z.infer<typeof Purchase>;

/** @throws PermanentError if there is no such purchase */
export async function findPurchase(purchaseId: string): Promise<Purchase> {
  const text = await readFile(new URL('purchases.json', import.meta.url), 'utf8');
  const purchase = z
    .array(Purchase)
    .parse(JSON.parse(text))
    .find(({ purchase_id }) => purchase_id === purchaseId);
  if (purchase === undefined) throw new PermanentError(`Purchase "${purchaseId}" is not on record`);
  return purchase;
}

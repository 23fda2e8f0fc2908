import { z } from 'zod';
import { bodyRoute, type Platform } from '../platform.ts';

export const Entity = z.object({
  name: z.string().min(1).max(200),
  kind: z.enum(['organisation', 'product']),
});
export type Entity = z.infer<typeof Entity>;

export const EnrichedEntity = Entity.extend({
  description: z.string().nullable().describe('null: the service does not know it'),
});
export type EnrichedEntity = z.infer<typeof EnrichedEntity>;

/** Knows more of organisations and products. Without `KNOWLEDGE_URL`, a stand-in that knows those of the sample documents. */
export const knowledge: Platform = {
  name: 'knowledge',
  urlFrom: 'KNOWLEDGE_URL',
  routes: [
    bodyRoute('POST /enrich', Entity, ({ body }) => ({
      status: 200,
      body: { ...body, description: descriptions.get(body.name) ?? null },
    })),
  ],
};

const descriptions: ReadonlyMap<string, string> = new Map([
  ['Nordwind Handels GmbH', 'mail-order house in Bremen'],
  ['Kestrel Logistics Ltd', 'parcel carrier in Leeds'],
  ['Greenloop Recycling AG', 'recycler of electrical devices in Basel'],
  ['Aquaterra Pumpen GmbH', 'maker of pumps in Kassel'],
  ['PG-400', 'pressure gauge, 0 to 400 bar'],
  ['PX-07', 'cooling water pump, 4 kW'],
]);

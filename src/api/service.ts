import { z } from 'zod';
import { route } from './route.ts';

export const service = {
  openapi: route({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This interface as an OpenAPI 3.1 document',
    role: null,
    answer: z.looseObject({ openapi: z.string() }),
  }),
  about: route({
    method: 'GET',
    path: '/service',
    summary: 'Which service this is',
    role: null,
    answer: z.object({
      /** Another one after every start. */
      instance: z.string(),
      version: z.string(),
      /** It has calls that are for development alone, such as skipping the clock. */
      isDevelopment: z.boolean(),
    }),
  }),
  backup: route({
    method: 'POST',
    path: '/service/backups',
    summary:
      'Makes a consistent copy of the store that opens as a store, on the machine of the service',
    role: 'admin',
    body: z.strictObject({
      /** Absolute path; nothing may be there yet. */
      destination: z.string().min(1).max(4_000),
    }),
    answer: z.object({ destination: z.string() }),
    status: 201,
  }),
};

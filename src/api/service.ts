import { z } from 'zod';
import { route } from './route.ts';

export const service = {
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
};

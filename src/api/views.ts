import { z } from 'zod';
import { route } from './route.ts';

export const SavedView = z.object({
  viewId: z.string(),
  name: z.string(),
  /** Query part of the address of the list, without `?`. */
  search: z.string(),
  /** Everybody sees it; otherwise only who saved it. */
  shared: z.boolean(),
  savedBy: z.string(),
  savedAt: z.iso.datetime(),
  /** The caller may remove it. */
  mine: z.boolean(),
});

export const views = {
  list: route({
    method: 'GET',
    path: '/views',
    summary: 'Saved views of the list of runs: those of the caller, and shared ones',
    role: 'viewer',
    answer: z.object({ views: z.array(SavedView).readonly() }),
  }),
  create: route({
    method: 'POST',
    path: '/views',
    summary: 'Saves a view of the list of runs under a name',
    role: 'viewer',
    body: z.strictObject({
      name: z.string().trim().min(1).max(100),
      search: z.string().max(2_000),
      shared: z.boolean().default(false),
    }),
    answer: SavedView,
    status: 201,
    isRepeatable: true,
  }),
  remove: route({
    method: 'DELETE',
    path: '/views/:viewId',
    summary: 'Removes a saved view; that of somebody else only as admin',
    role: 'viewer',
    params: z.object({ viewId: z.string().min(1).max(64) }),
    answer: null,
  }),
};

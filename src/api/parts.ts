/** Shapes that several calls share. */
import { z } from 'zod';
import type { Json, JsonObject } from '../plan/json.ts';

/** Any JSON; the engine checks it further. */
export const AnyJson: z.ZodType<Json> = z.json();
z.globalRegistry.add(AnyJson, { id: 'Json', description: 'Any JSON' });
export const AnyObject = z.record(z.string(), AnyJson) as z.ZodType<JsonObject>;

export const RunId = z.string().min(1).max(200);
export const StepId = z.string().min(1).max(200);
export const Reason = z.string().max(2_000);
export const Cursor = z.string().max(500);

export const RunStatus = z.enum([
  'pending',
  'processing',
  'waiting_review',
  'compensating',
  'complete',
  'failed',
  'cancelled',
]);
export const Priority = z.enum(['high', 'default', 'low']);
/** Where in the code: a file below the folder the service was started in, or else the name of the file alone. Lines count from 1. */
export const Code = z.object({ file: z.string(), line: z.number().int() });
export const Labels = z.record(z.string().max(100), z.string().max(500));

/** What a run may wait for. */
export const waitKinds = [
  'review',
  'event',
  'timer',
  'attempt',
  'undo',
  'child',
  'map',
  'breaker',
  'retry',
  'notice',
  'start',
  'pause',
] as const;

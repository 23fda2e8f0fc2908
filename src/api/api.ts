/** Every call of the HTTP interface, by topic. */
import { runs } from './runs.ts';

export const api = { runs };

/** Root of all paths. */
export const apiRoot = '/api/v1';

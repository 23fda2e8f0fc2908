/** Every call of the HTTP interface, by topic. */
import { audit } from './audit.ts';
import { batches } from './batches.ts';
import { development } from './development.ts';
import { endpoints } from './endpoints.ts';
import { health } from './health.ts';
import { identity, links, tokens } from './identity.ts';
import { incidents } from './incidents.ts';
import { pauses } from './pauses.ts';
import { reviews } from './reviews.ts';
import { runs } from './runs.ts';
import { schedules } from './schedules.ts';
import { service } from './service.ts';
import { timeline } from './timeline.ts';
import { triggers } from './triggers.ts';
import { undo } from './undo.ts';
import { views } from './views.ts';
import { webhooks } from './webhooks.ts';
import { workflows } from './workflows.ts';

export const api = {
  audit,
  batches,
  development,
  endpoints,
  health,
  identity,
  incidents,
  links,
  pauses,
  reviews,
  runs,
  schedules,
  service,
  timeline,
  tokens,
  triggers,
  undo,
  views,
  webhooks,
  workflows,
};

/** Root of all paths. */
export const apiRoot = '/api/v1';

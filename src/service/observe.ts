/** What watches over the runs: surveys, incidents, health. */
import type { Batches } from './batches/batches.ts';
import type { Bind } from './bind.ts';
import { createHealth } from './health/health.ts';
import { createModelMeter } from './health/models.ts';
import { serveHealth } from './health/serve.ts';
import { createSurveyor } from './health/surveyor.ts';
import { createIncidents } from './incidents/incidents.ts';
import { serveIncidents } from './incidents/serve.ts';
import type { ServiceParts } from './parts.ts';
import { packageVersion } from './version.ts';

export function observe(bind: Bind, parts: ServiceParts & { readonly batches: Batches }) {
  const surveyor = createSurveyor(parts);
  const models = createModelMeter();
  const unsubscribe = parts.orchestrator.subscribe((event) => void models.note(event));
  const health = createHealth({ ...parts, surveyor, models, version: packageVersion });
  serveIncidents(bind, {
    incidents: createIncidents({ ...parts, surveyor }),
    batches: parts.batches,
    surveyor,
  });
  serveHealth(bind, { ...parts, health });
  return {
    start: () => surveyor.start(),
    async close() {
      unsubscribe();
      health.close();
      await surveyor.close();
    },
  };
}

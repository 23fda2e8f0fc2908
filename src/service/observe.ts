/** What watches over the runs: surveys, incidents, health, metrics. */
import { metrics } from '@opentelemetry/api';
import type { FastifyInstance } from 'fastify';
import { api } from '../api/api.ts';
import { meterRuns } from '../telemetry/metrics.ts';
import type { Batches } from './batches/batches.ts';
import type { Bind } from './bind.ts';
import { watchCalls } from './health/calls.ts';
import { createHealth } from './health/health.ts';
import { createModelMeter } from './health/models.ts';
import { serveProbes } from './health/probes.ts';
import { createRetryMeter } from './health/retries.ts';
import { serveHealth } from './health/serve.ts';
import { createSpend } from './health/spend.ts';
import { createSurveyor } from './health/surveyor.ts';
import { createWritable } from './health/writable.ts';
import { createIncidents } from './incidents/incidents.ts';
import { serveIncidents } from './incidents/serve.ts';
import { registerGauges } from './metrics/gauges.ts';
import { createPrometheus } from './metrics/prometheus.ts';
import { meterRequests } from './metrics/requests.ts';
import type { ServiceParts } from './parts.ts';
import { packageVersion } from './version.ts';

export function observe(
  app: FastifyInstance,
  bind: Bind,
  parts: ServiceParts & { readonly batches: Batches; readonly callsPerMinute: number | null },
) {
  const surveyor = createSurveyor(parts);
  const writable = createWritable(parts);
  const models = createModelMeter();
  const spend = createSpend(parts);
  const retries = createRetryMeter(parts.clock.nowMs());
  const unsubscribe = parts.orchestrator.subscribe((event) => {
    const use = models.note(event);
    if (use !== null) spend.note(event.workflow, use);
    retries.note(event);
  });
  const calls = watchCalls(app, parts.callsPerMinute);
  const watched = { surveyor, writable, models, spend, retries, calls };
  const health = createHealth({ ...parts, ...watched, version: packageVersion });
  serveIncidents(bind, {
    incidents: createIncidents({ ...parts, surveyor }),
    batches: parts.batches,
    surveyor,
  });
  serveHealth(bind, { ...parts, health, spend });
  serveProbes(app, { ...parts, writable });
  const prometheus = createPrometheus();
  // those of a provider that is registered globally see the same
  const meters = [prometheus.meter, metrics.getMeter('signalbox')];
  const ends = meters.map((meter) => meterRuns(meter, parts.orchestrator));
  for (const meter of meters) registerGauges(meter, health.read);
  meterRequests(app, meters);
  bind(api.health.metrics, () => prometheus.text());
  return {
    start: () => surveyor.start(),
    async close() {
      unsubscribe();
      for (const end of ends) end();
      health.close();
      await Promise.all([surveyor.close(), prometheus.close(), spend.close()]);
    },
  };
}

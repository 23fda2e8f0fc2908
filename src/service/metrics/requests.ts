import type { Meter } from '@opentelemetry/api';
import type { FastifyInstance } from 'fastify';

/** Duration of requests by method, route (not address) and status, as OpenTelemetry's conventions for HTTP servers name them. */
export function meterRequests(app: FastifyInstance, meters: readonly Meter[]): void {
  const durations = meters.map((meter) =>
    meter.createHistogram('http.server.request.duration', {
      description: 'Requests, by method, route and status',
      unit: 's',
      advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10] },
    }),
  );
  app.addHook('onResponse', (request, reply, done) => {
    const attributes = {
      'http.request.method': request.method,
      'http.route': request.routeOptions.url ?? 'unknown',
      'http.response.status_code': reply.statusCode,
    };
    for (const duration of durations) duration.record(reply.elapsedTime / 1_000, attributes);
    done();
  });
}

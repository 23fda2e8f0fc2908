export { meterRuns } from './metrics.ts';
export { createTracing, type Tracing, traceLabel } from './tracing.ts';

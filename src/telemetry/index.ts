export { meterRuns } from './metrics.ts';
export { createTracing, isTraced, type Tracing, traceLabel } from './tracing.ts';

import { context, propagation } from '@opentelemetry/api';
import { traceLabel } from '../../telemetry/tracing.ts';

/** https://www.w3.org/TR/trace-context/#traceparent-header, version 00 */
const traceparent = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The trace the request belongs to, as a label of the run it starts: that of an instrumented server, or what the caller says. */
export function traceLabels(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): { readonly [name: string]: string } {
  const active: Record<string, string> = {};
  propagation.inject(context.active(), active);
  const given = active['traceparent'] ?? headers['traceparent'];
  return typeof given === 'string' && traceparent.test(given) ? { [traceLabel]: given } : {};
}

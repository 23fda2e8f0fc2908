/** The policies of a step in words. */
import type { Approval, RetryPolicy, StepNode, TaskCall, Wiring } from '../plan/plan.ts';
import { durationWords } from './captions.ts';
import { code, plain } from './markdown.ts';

/** Calls of handlers, with what each is for; a map's are those of its body. */
export function callsOf(step: StepNode): readonly (readonly [string, TaskCall])[] {
  if (step.kind === 'map')
    return step.body.flatMap((part) => (part.kind === 'task' ? callsOf(part) : []));
  if (step.kind !== 'task') return [];
  const fallback = step.fallback === undefined ? [] : [['fallback', step.fallback] as const];
  return [['task', step.call], ...fallback];
}

export function retryWords({ maxAttempts, backoff }: RetryPolicy): string {
  if (maxAttempts === 1) return 'one attempt';
  const { kind, initialMs, factor, maxMs, jitter } = backoff;
  const grown = kind === 'exponential' && initialMs < maxMs;
  const wait = grown
    ? `${durationWords(initialMs)} apart, growing by ${factor} up to ${durationWords(maxMs)}`
    : `${durationWords(initialMs)} apart`;
  return `up to ${maxAttempts} attempts, ${wait}${jitter === 'full' ? ', at random within that' : ''}`;
}

export function limitWords(call: TaskCall): readonly string[] {
  const { timeoutMs, heartbeatTimeoutMs, breaker, rememberMs } = call;
  return [
    ...(timeoutMs === undefined ? [] : [`${durationWords(timeoutMs)} an attempt`]),
    ...(heartbeatTimeoutMs === undefined
      ? []
      : [`a sign of life every ${durationWords(heartbeatTimeoutMs)}`]),
    ...(breaker === undefined
      ? []
      : [
          `breaker ${code(breaker.name)} opens after ${breaker.failureThreshold} failures in a row for ${durationWords(breaker.resetAfterMs)}`,
        ]),
    ...(rememberMs === undefined
      ? []
      : [`results are remembered for ${durationWords(rememberMs)}`]),
  ];
}

export function undoWords({ compensate, undo }: TaskCall): string {
  if (compensate === 'none') return 'nothing to undo';
  if (compensate === 'irreversible') return '**cannot be undone**';
  if (undo === undefined) return 'undone';
  const limit = undo.timeoutMs === undefined ? '' : `, ${durationWords(undo.timeoutMs)} each`;
  return `undone, ${retryWords(undo.retry)}${limit}`;
}

export function approvalText(approve: Approval): string {
  if (approve.by === 'person') return 'a person decides';
  if (approve.by === 'automatic') return 'approved automatically';
  return `approved automatically if ${plain(approve.label)}, else a person decides`;
}

type Paths = readonly (readonly string[])[];

/**
 * How a value is put together: `{ alert: ingest.alert }`.
 *
 * @param sensitive - paths of fields marked so; a literal there is not shown
 */
export function wiringText(wiring: Wiring, sensitive: Paths = []): string {
  const inside = (part: Wiring, key: string) =>
    wiringText(
      part,
      sensitive.flatMap(([first, ...rest]) =>
        first === undefined || first === key || first === '*' ? [rest] : [],
      ),
    );
  switch (wiring.kind) {
    case 'ref':
      return [wiring.of.replace(/^\$/, ''), ...wiring.path.map(String)].join('.');
    case 'literal':
      return sensitive.length > 0 ? '[redacted]' : JSON.stringify(wiring.value);
    case 'object':
      return `{ ${wiring.entries.map(([key, part]) => `${key}: ${inside(part, key)}`).join(', ')} }`;
    case 'array':
      return `[${wiring.items.map((item) => inside(item, '*')).join(', ')}]`;
    case 'absent':
      return 'nothing';
    default:
      return wiring satisfies never;
  }
}

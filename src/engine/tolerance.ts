import type { Json } from '../plan/json.ts';
import type { TaskStep } from '../plan/plan.ts';
import type { AttemptFailure } from '../ports/executor.ts';

type Failure = Pick<AttemptFailure, 'name' | 'message' | 'retryable' | 'code' | 'detail'>;

/**
 * What the consumers of a tolerant step see of a failure after which nothing is tried any more.
 *
 * @param attempts - attempts made
 * @param isFallback - it was the fallback that failed
 * @returns `null` if the failure is not tolerated, or the fallback comes next
 */
export function toleratedValue(
  step: TaskStep,
  failure: Failure,
  attempts: number,
  isFallback: boolean,
): Json {
  const { tolerate } = step;
  const isLast = isFallback || step.fallback === undefined;
  if (!isLast || tolerate === undefined) return null;
  const { name, message, retryable, code, detail } = failure;
  if (tolerate === 'any')
    return { status: 'failed', failure: { name, message, retryable, attempts } };
  return code === undefined || !tolerate.includes(code)
    ? null
    : { status: code, detail: detail ?? null };
}

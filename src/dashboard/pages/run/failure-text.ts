import type { JsonObject } from '../../../plan/json.ts';
import { textAt } from '../../parts/json-text.ts';

/** Where a run failed and why; `null` if it did not. The message of the outcome names the step a second time, which is left out. */
export function failureText(
  outcome: JsonObject | null,
): { readonly step: string; readonly message: string } | null {
  const message = textAt(outcome ?? undefined, 'failure', 'message');
  if (message === null) return null;
  return {
    step: textAt(outcome ?? undefined, 'failure', 'step') ?? 'run',
    message: withoutStep(message),
  };
}

/** The message of a run's failure, where the step stands beside it. */
export function withoutStep(message: string): string {
  return message.replace(/^Workflow failed at step '[^']*': /, '');
}

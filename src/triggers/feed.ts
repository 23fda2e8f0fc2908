/** What is taken in by the service itself rather than sent to it; each thing taken in becomes what its one rule says. */
import type { WebhookRule } from './webhook-rule.ts';

export interface Feed<K extends string> {
  readonly trigger: K;
  readonly name: string;
  readonly description: string | null;
  readonly rule: WebhookRule;
}

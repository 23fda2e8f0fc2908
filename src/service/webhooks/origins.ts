/** Whatever deliveries may come from, by name: sources of webhooks, and what the service takes in by itself. */
import { definitionInvalid } from '../../plan/problem.ts';
import type { Trigger } from '../../triggers/trigger.ts';
import type { WebhookRule } from '../../triggers/webhook-rule.ts';
import type { Sources } from './sources.ts';

export interface Origin {
  readonly kind: 'webhook' | 'watch' | 'queue';
  readonly rules: ReadonlyMap<string, WebhookRule>;
}

export type Origins = ReadonlyMap<string, Origin>;

/** @throws SignalboxError `DEFINITION_INVALID` if two have one name */
export function openOrigins(sources: Sources, triggers: readonly Trigger[]): Origins {
  const origins = new Map<string, Origin>();
  for (const [name, { webhook }] of sources) {
    origins.set(name, { kind: 'webhook', rules: webhook.rules });
  }
  for (const trigger of triggers) {
    if (trigger.trigger !== 'watch' && trigger.trigger !== 'queue') continue;
    if (origins.has(trigger.name)) {
      throw definitionInvalid({ trigger: trigger.name }, 'there are two triggers of this name');
    }
    origins.set(trigger.name, { kind: trigger.trigger, rules: new Map([['*', trigger.rule]]) });
  }
  return origins;
}

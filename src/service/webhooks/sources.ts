/** The sources a service receives from, each with the keys that are valid now. */
import { SignalboxError } from '../../errors.ts';
import type { Ids } from '../../ports/ids.ts';
import type { Trigger } from '../../triggers/trigger.ts';
import { keysOf, type Webhook } from '../../triggers/webhook.ts';

export interface Source {
  readonly webhook: Webhook;
  /** The newest first; empty while there is a problem. */
  readonly keys: readonly Uint8Array[];
  /** Why nothing is received from it. */
  readonly problem: string | null;
  /** Its secret was made up, so that it can be tried out. */
  readonly isTestOnly: boolean;
}

export type Sources = ReadonlyMap<string, Source>;

export interface SecretsOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where a secret is missing, one is made up that only this process knows: enough for tests of its own. */
  readonly madeUp: Pick<Ids, 'token'> | null;
}

/** @throws SignalboxError `DEFINITION_INVALID` if two have one name */
export function openSources(triggers: readonly Trigger[], options: SecretsOptions): Sources {
  const sources = new Map<string, Source>();
  for (const trigger of triggers) {
    if (trigger.trigger !== 'webhook') continue;
    if (sources.has(trigger.name)) {
      throw new SignalboxError(
        'DEFINITION_INVALID',
        `Trigger "${trigger.name}": there are two webhooks of this name`,
        { details: { trigger: trigger.name }, hint: 'Give one of them another name' },
      );
    }
    sources.set(trigger.name, openSource(trigger, options));
  }
  return sources;
}

function openSource(webhook: Webhook, { env, madeUp }: SecretsOptions): Source {
  const { scheme, secrets } = webhook;
  if (!('env' in secrets)) {
    return { webhook, keys: keysOf(scheme, secrets), problem: null, isTestOnly: false };
  }
  const [first = ''] = secrets.env;
  const texts = secrets.env.flatMap((name) => env[name] || []);
  if (env[first]) {
    try {
      return { webhook, keys: keysOf(scheme, texts), problem: null, isTestOnly: false };
    } catch (error) {
      if (!(error instanceof SignalboxError)) throw error;
      return { webhook, keys: [], problem: error.message, isTestOnly: false };
    }
  }
  const what = scheme.name === 'sns' ? 'topic' : 'secret';
  const problem = `Environment variable ${first} is not set: without a ${what} nothing is received`;
  if (madeUp === null) return { webhook, keys: [], problem, isTestOnly: false };
  const key = Buffer.from(`${madeUp.token()}${madeUp.token()}`);
  return { webhook, keys: [key], problem, isTestOnly: true };
}

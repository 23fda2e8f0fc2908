import { z } from 'zod';
import { PermanentError } from '../../src/index.ts';
import { createDecisionLinks, type DecisionLinks } from '../../src/links/index.ts';
import {
  createEmailNotifier,
  createSlackNotifier,
  createWebhookNotifier,
  type Notifier,
} from '../../src/notify/index.ts';

const Environment = z.object({
  SIGNALBOX_NOTIFY_WEBHOOK: z.url().optional(),
  /** Signs the webhook's body; the receiver has it, so it is not the one of the links. */
  SIGNALBOX_NOTIFY_SECRET: z.string().optional(),
  SIGNALBOX_NOTIFY_SLACK: z.url().optional(),
  /** Separated by commas; each gets links of its own. */
  SIGNALBOX_NOTIFY_EMAIL: z.string().optional(),
  SIGNALBOX_NOTIFY_FROM: z.email().default('alerts@company.com'),
  SMTP_URL: z.string().optional(),
  SIGNALBOX_LINK_SECRET: z.string().optional(),
  /** Where the decision handler answers. */
  SIGNALBOX_PUBLIC_URL: z.url().optional(),
});
type Environment = z.infer<typeof Environment>;

export interface Channel {
  /** Who decides by a link from here. */
  readonly actor: string;
  readonly notifier: Notifier;
}

export interface Channels {
  readonly channels: readonly Channel[];
  readonly links: DecisionLinks;
}

/**
 * The channels that the environment names; `null` if it names none. Read at each call, as the data directory is.
 *
 * @throws PermanentError if a channel is named and something it needs is not
 */
export function configuredChannels(environment: NodeJS.ProcessEnv = process.env): Channels | null {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success) {
    const names = parsed.error.issues.map(({ path }) => path.join('.'));
    throw new PermanentError(`Not usable in the environment: ${names.join(', ')}`);
  }
  const given = parsed.data;
  const channels = [...webhookOf(given), ...slackOf(given), ...mailOf(given)];
  if (channels.length === 0) return null;
  const links = createDecisionLinks({
    secrets: [needed(given, 'SIGNALBOX_LINK_SECRET')],
    url: needed(given, 'SIGNALBOX_PUBLIC_URL'),
  });
  return { channels, links };
}

// The addresses come from whoever runs this, not from an alert: they may be private ones.
const addresses = 'any';

function webhookOf(given: Environment): readonly Channel[] {
  const url = given.SIGNALBOX_NOTIFY_WEBHOOK;
  if (url === undefined) return [];
  const secret = needed(given, 'SIGNALBOX_NOTIFY_SECRET');
  return [{ actor: 'webhook', notifier: createWebhookNotifier({ url, secret, addresses }) }];
}

function slackOf({ SIGNALBOX_NOTIFY_SLACK: url }: Environment): readonly Channel[] {
  if (url === undefined) return [];
  return [{ actor: 'slack', notifier: createSlackNotifier({ url, addresses }) }];
}

function mailOf(given: Environment): readonly Channel[] {
  const recipients = (given.SIGNALBOX_NOTIFY_EMAIL ?? '').split(',').map((to) => to.trim());
  return recipients
    .filter((to) => to !== '')
    .map((to) => ({
      actor: to,
      notifier: createEmailNotifier({
        smtpUrl: needed(given, 'SMTP_URL'),
        from: given.SIGNALBOX_NOTIFY_FROM,
        to,
      }),
    }));
}

function needed(given: Environment, name: keyof Environment): string {
  const value = given[name];
  if (value === undefined || value === '') {
    throw new PermanentError(`Operators cannot be notified: ${name} is not set`);
  }
  return value;
}

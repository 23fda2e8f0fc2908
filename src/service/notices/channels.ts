/** The notifiers an address is reached by. */
import { createEmailNotifier } from '../../notify/email.ts';
import type { Notifier } from '../../notify/notifier.ts';
import { createSlackNotifier } from '../../notify/slack.ts';
import { createWebhookNotifier } from '../../notify/webhook.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Address } from './directory.ts';

export interface ChannelOptions {
  /** Default: nobody is mailed. */
  readonly email?: {
    /** Of the server: `smtps://user:password@smtp.example.com`. */
    readonly smtpUrl: string;
    readonly from: string;
  };
  /** Default `public`: Slack and webhooks on loopback or in private networks are refused. */
  readonly addresses?: 'public' | 'any';
}

/** @throws SignalboxError `INPUT_INVALID`, `SECRET_INVALID` for an address that is none */
export function notifiersOf(
  { email, slack, webhook }: Address,
  options: ChannelOptions,
  clock: Pick<Clock, 'nowMs'>,
): readonly Notifier[] {
  const http = {
    clock,
    ...(options.addresses === undefined ? {} : { addresses: options.addresses }),
  };
  return [
    ...(email === undefined || options.email === undefined
      ? []
      : [createEmailNotifier({ ...options.email, to: email })]),
    ...(slack === undefined ? [] : [createSlackNotifier({ ...http, url: slack })]),
    ...(webhook === undefined ? [] : [createWebhookNotifier({ ...http, ...webhook })]),
  ];
}

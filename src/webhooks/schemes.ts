import { bearerScheme } from './bearer.ts';
import { genericScheme } from './generic.ts';
import { githubScheme } from './github.ts';
import type { WebhookScheme } from './scheme.ts';
import { slackScheme } from './slack.ts';
import { standardScheme } from './standard.ts';
import { stripeScheme } from './stripe.ts';

export type Preset = WebhookScheme['name'];

export const schemes: { readonly [P in Preset]: WebhookScheme } = {
  standard: standardScheme,
  github: githubScheme,
  stripe: stripeScheme,
  slack: slackScheme,
  generic: genericScheme,
  bearer: bearerScheme,
};

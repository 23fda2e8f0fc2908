import { bearerScheme } from './bearer.ts';
import { genericScheme } from './generic.ts';
import { githubScheme } from './github.ts';
import type { SecretScheme } from './scheme.ts';
import { slackScheme } from './slack.ts';
import { standardScheme } from './standard.ts';
import { stripeScheme } from './stripe.ts';

export type SecretPreset = SecretScheme['name'];
export type Preset = SecretPreset | 'sns';

export const schemes: { readonly [P in SecretPreset]: SecretScheme } = {
  standard: standardScheme,
  github: githubScheme,
  stripe: stripeScheme,
  slack: slackScheme,
  generic: genericScheme,
  bearer: bearerScheme,
};

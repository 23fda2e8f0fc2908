/** Everything about identity that one service has. */
import { SignalboxError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import type { Audit } from '../audit/audit.ts';
import { publicAddress } from '../http/base-path.ts';
import { createAttempts } from './attempts.ts';
import { createCookie } from './cookies.ts';
import { createDevelopmentIdentity } from './development.ts';
import type { Identity } from './identity.ts';
import type { IdentityOptions, SignInOptions } from './options.ts';
import { isLoopbackName } from './origin.ts';
import { createProvider } from './provider.ts';
import { createSessions } from './sessions.ts';
import { createSignInIdentity, type SignInParts } from './sign-in.ts';
import { createTokens } from './tokens.ts';

export interface IdentityParts extends SignInParts {
  readonly identity: Identity;
  /** `null` in development. */
  readonly options: SignInOptions | null;
}

export const callbackPath = '/auth/callback';
const defaults = { idleMs: 3_600_000, absoluteMs: 43_200_000 };

/** @throws SignalboxError `INPUT_INVALID` for an address or a provider that is neither https nor loopback */
export function openIdentity(
  options: IdentityOptions,
  {
    store,
    clock,
    audit,
    basePath,
  }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly audit: Audit;
    readonly basePath: string;
  },
): IdentityParts {
  const isSignIn = options.mode === 'sign-in';
  const publicUrl = isSignIn ? parsePublicUrl(options.publicUrl) : null;
  const parts: SignInParts = {
    tokens: createTokens({ store, clock }),
    sessions: createSessions(
      { store, clock },
      { ...defaults, ...(isSignIn ? options.session : {}) },
    ),
    attempts: createAttempts(clock),
    provider:
      isSignIn && options.provider !== undefined
        ? createProvider(options.provider, {
            redirectUri: `${publicAddress(options.publicUrl, basePath)}${callbackPath}`,
            clock,
          })
        : null,
    cookie: createCookie('signalbox', publicUrl?.protocol === 'https:', basePath),
    basePath,
    audit,
    clock,
  };
  return isSignIn
    ? { ...parts, identity: createSignInIdentity(options, parts), options }
    : { ...parts, identity: createDevelopmentIdentity(options, parts), options: null };
}

function parsePublicUrl(text: string): URL {
  const url = URL.parse(text);
  const isFit =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackName(url.hostname));
  if (url !== null && isFit && url.search === '') return url;
  throw new SignalboxError(
    'INPUT_INVALID',
    `"${text}" cannot be the public address of the service; expected one like https://ops.example.com or https://example.com/signalbox`,
    { hint: 'Put a proxy with TLS before the service, see docs/secure.md' },
  );
}

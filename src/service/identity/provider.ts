/** Signing in at an OpenID Connect provider: authorization code with PKCE (RFC 7636), state and nonce. */
import * as oidc from 'openid-client';
import { z } from 'zod';
import { ActorName } from '../../api/identity.ts';
import { SignalboxError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { isLoopbackName } from './origin.ts';

export interface ProviderOptions {
  /** Address of the provider, below which its `.well-known/openid-configuration` lies; https, or loopback. */
  readonly issuer: string;
  readonly clientId: string;
  /** Default: none, a public client. */
  readonly clientSecret?: string;
  /** Shown on the button; default `single sign-on`. */
  readonly name?: string;
  /** Default `openid profile email`. Add what your provider needs for groups, and `offline_access` if it gives refresh tokens only then. */
  readonly scopes?: readonly string[];
  readonly claims?: {
    /** The name by which a person acts; default `email`. */
    readonly name?: string;
    /** Default `groups`. With dots it leads into objects: `realm_access.roles`. */
    readonly groups?: string;
  };
}

/** What a sign-in that has begun must come back with. */
export const Begun = z.object({ state: z.string(), nonce: z.string(), verifier: z.string() });
export type Begun = z.infer<typeof Begun>;

export const Grant = z.object({
  accessToken: z.string(),
  accessUntilMs: z.number().nullable(),
  refreshToken: z.string().nullable(),
});
type Grant = z.infer<typeof Grant>;

export interface Identified {
  readonly subject: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** By which the provider can be asked again. */
  readonly grant: Grant;
}

export interface Provider {
  readonly name: string;
  begin(): Promise<{ readonly url: string; readonly begun: Begun }>;
  /** @throws SignalboxError `SIGN_IN_FAILED`, `SIGN_IN_UNAVAILABLE` */
  finish(callback: URL, begun: Begun): Promise<Identified>;
  /** Who this is now; `null`: the provider vouches for them no more, or cannot be asked. @throws SignalboxError `SIGN_IN_UNAVAILABLE` */
  refresh(grant: Grant, subject: string): Promise<Identified | null>;
  /** Where a browser ends the session at the provider; `null`: nowhere. */
  endUrl(returnTo: string): Promise<string | null>;
}

const timeoutSeconds = 10;
/** An access token is not used in its last seconds. */
const marginMs = 10_000;
const maxGroups = 1_000;
const maxGroupLength = 200;

/** @throws SignalboxError `INPUT_INVALID` for an issuer that is none of https */
export function createProvider(
  options: ProviderOptions,
  { redirectUri, clock }: { readonly redirectUri: string; readonly clock: Pick<Clock, 'nowMs'> },
): Provider {
  const { issuer, clientId, clientSecret, scopes = ['openid', 'profile', 'email'] } = options;
  const url = URL.parse(issuer);
  const isLocal = url !== null && isLoopbackName(url.hostname);
  if (url === null || (url.protocol !== 'https:' && !(isLocal && url.protocol === 'http:'))) {
    throw new SignalboxError('INPUT_INVALID', `"${issuer}" is no issuer; expected https`);
  }
  let found: Promise<oidc.Configuration> | null = null;

  /** Asked when it is needed: the service starts without its provider, and tokens work without it. */
  function configuration(): Promise<oidc.Configuration> {
    found ??= oidc
      .discovery(url ?? new URL(issuer), clientId, undefined, authentication(clientSecret), {
        timeout: timeoutSeconds,
        ...(url?.protocol === 'http:' ? { execute: [oidc.allowInsecureRequests] } : {}),
      })
      .catch((error: unknown) => {
        found = null;
        throw unavailable(error);
      });
    return found;
  }

  async function identified(
    config: oidc.Configuration,
    answer: Answer,
    subject: string,
    before: Grant | null,
  ): Promise<Identified> {
    const expiresIn = answer.expiresIn();
    const grant: Grant = {
      accessToken: answer.access_token,
      accessUntilMs: expiresIn === undefined ? null : clock.nowMs() + expiresIn * 1_000,
      refreshToken: answer.refresh_token ?? before?.refreshToken ?? null,
    };
    const claims = { ...answer.claims(), ...(await userInfo(config, grant, subject)) };
    return toIdentified(claims, subject, grant, options);
  }

  return {
    name: options.name ?? 'single sign-on',
    async begin() {
      const config = await configuration();
      const begun = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        verifier: oidc.randomPKCECodeVerifier(),
      };
      const address = oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: scopes.join(' '),
        state: begun.state,
        nonce: begun.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(begun.verifier),
        code_challenge_method: 'S256',
      });
      return { url: address.href, begun };
    },
    async finish(callback, { state, nonce, verifier }) {
      const config = await configuration();
      try {
        const answer = await oidc.authorizationCodeGrant(config, callback, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        return await identified(config, answer, answer.claims()?.sub ?? '', null);
      } catch (error) {
        if (error instanceof SignalboxError) throw error;
        throw isAnswer(error) ? failed(error) : unavailable(error);
      }
    },
    async refresh(grant, subject) {
      const config = await configuration();
      try {
        const isFresh = clock.nowMs() < (grant.accessUntilMs ?? 0) - marginMs;
        const claims = isFresh ? await userInfo(config, grant, subject) : null;
        if (claims !== null) return toIdentified(claims, subject, grant, options);
      } catch (error) {
        if (!isAnswer(error)) throw unavailable(error);
        // the access token was withdrawn, or has expired early
      }
      if (grant.refreshToken === null) return null;
      try {
        const answer = await oidc.refreshTokenGrant(config, grant.refreshToken);
        const isSame = (answer.claims()?.sub ?? subject) === subject;
        return isSame ? await identified(config, answer, subject, grant) : null;
      } catch (error) {
        if (error instanceof SignalboxError || isAnswer(error)) return null;
        throw unavailable(error);
      }
    },
    async endUrl(returnTo) {
      const config = await configuration();
      if (config.serverMetadata().end_session_endpoint === undefined) return null;
      return oidc.buildEndSessionUrl(config, { post_logout_redirect_uri: returnTo }).href;
    },
  };
}

type Answer = Awaited<ReturnType<typeof oidc.refreshTokenGrant>>;

function authentication(clientSecret: string | undefined): oidc.ClientAuth {
  return clientSecret === undefined ? oidc.None() : oidc.ClientSecretBasic(clientSecret);
}

/** `null`: the provider tells nothing but by its ID tokens. */
async function userInfo(
  config: oidc.Configuration,
  { accessToken }: Grant,
  subject: string,
): Promise<Claims | null> {
  if (config.serverMetadata().userinfo_endpoint === undefined) return null;
  return oidc.fetchUserInfo(config, accessToken, subject);
}

type Claims = Readonly<Record<string, unknown>>;

/** @throws SignalboxError `SIGN_IN_FAILED` */
function toIdentified(
  claims: Claims,
  subject: string,
  grant: Grant,
  { claims: names = {} }: ProviderOptions,
): Identified {
  const claim = names.name ?? 'email';
  const name = ActorName.safeParse(claimOf(claims, claim));
  if (!name.success) {
    throw new SignalboxError(
      'SIGN_IN_FAILED',
      `The provider does not say who this is: no "${claim}"`,
      {
        hint: 'Ask for the scope that brings it, or name another claim in the settings (claims.name)',
      },
    );
  }
  if (claim === 'email' && claims['email_verified'] === false) {
    throw new SignalboxError('SIGN_IN_FAILED', 'The provider has not verified the e-mail address');
  }
  const given = claimOf(claims, names.groups ?? 'groups');
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const groups = list
    .filter((group): group is string => typeof group === 'string' && group !== '')
    .filter((group) => group.length <= maxGroupLength)
    .slice(0, maxGroups);
  return { subject, name: name.data, groups, grant };
}

/** A claim of this very name goes before a way into objects. */
function claimOf(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let at: unknown = claims;
  for (const key of name.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Claims)[key];
  }
  return at;
}

/** The provider was reached, and this is what it says; one that is out of order says nothing. */
function isAnswer(error: unknown): boolean {
  if (error instanceof oidc.ResponseBodyError) return error.status < 500;
  if (error instanceof oidc.AuthorizationResponseError) return true;
  if (error instanceof oidc.WWWAuthenticateChallengeError) return error.status < 500;
  if (!(error instanceof oidc.ClientError) || error.code === undefined) return false;
  if (error.code === 'OAUTH_TIMEOUT' || error.code === 'OAUTH_ABORT') return false;
  return !(error.cause instanceof Response && error.cause.status >= 500);
}

function failed(cause: unknown): SignalboxError {
  return new SignalboxError('SIGN_IN_FAILED', 'The provider did not confirm the sign-in', {
    cause,
    hint: 'Sign in again',
  });
}

function unavailable(cause: unknown): SignalboxError {
  return new SignalboxError('SIGN_IN_UNAVAILABLE', 'The provider of the sign-in does not answer', {
    cause,
    hint: 'Try again in a moment; programs go on with API tokens',
  });
}

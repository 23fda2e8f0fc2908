/** Identity by API tokens and sessions. */
import { SignalboxError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Audit } from '../audit/audit.ts';
import type { Caller } from '../caller.ts';
import type { Attempts } from './attempts.ts';
import type { Cookie } from './cookies.ts';
import type { ArrivingRequest, Identity, SignedIn } from './identity.ts';
import type { SignInOptions } from './options.ts';
import { checkOrigin, isSafeMethod } from './origin.ts';
import { Grant, type Provider } from './provider.ts';
import { roleOf } from './roles.ts';
import { seal, unseal } from './sealing.ts';
import type { Session, Sessions } from './sessions.ts';
import type { Token, Tokens } from './tokens.ts';

export interface SignInParts {
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly attempts: Attempts;
  readonly provider: Provider | null;
  /** Of the service; empty: none. */
  readonly basePath: string;
  /** Of sessions. */
  readonly cookie: Cookie;
  readonly audit: Pick<Audit, 'record'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}

const defaultClaimsMs = 300_000;
export const signInPath = '/auth/sign-in';

export function createSignInIdentity(options: SignInOptions, parts: SignInParts): Identity {
  const { tokens, sessions, attempts, provider, cookie, audit, clock, basePath } = parts;
  const { roles = {}, session: { claimsMs = defaultClaimsMs } = {} } = options;
  const own = new URL(options.publicUrl).origin;
  /** A refresh token may be used once only, so one session asks once at a time. */
  const underWay = new Map<string, Promise<Session | null>>();

  /** @throws SignalboxError `SIGN_IN_UNAVAILABLE`, `FORBIDDEN` */
  async function refreshed(session: Session, secret: string): Promise<Session | null> {
    const { sessionId, subject, sealed } = session;
    const grant = sealed === null ? null : Grant.parse(JSON.parse(unseal(secret, sealed)));
    const person =
      grant === null || provider === null || subject === null
        ? null
        : await provider.refresh(grant, subject);
    const role = person === null ? null : roleOf(person.groups, roles);
    if (person === null || role === null) {
      await sessions.end(sessionId);
      const why = person === null ? 'the provider vouches for it no more' : 'no role any more';
      await audit.record(session, 'session.ended', `session/${sessionId.slice(0, 16)}`, { why });
      if (person === null) return null;
      throw new SignalboxError('FORBIDDEN', `"${person.name}" has no role any more`);
    }
    const { name, groups } = person;
    return sessions.update(sessionId, {
      name,
      role,
      groups: [...groups],
      sealed: seal(secret, JSON.stringify(person.grant)),
    });
  }

  function refreshedOnce(session: Session, secret: string): Promise<Session | null> {
    const { sessionId } = session;
    const known = underWay.get(sessionId);
    if (known !== undefined) return known;
    const asked = refreshed(session, secret).finally(() => underWay.delete(sessionId));
    underWay.set(sessionId, asked);
    return asked;
  }

  /** Who only reads goes on as before while the provider is away: in an outage, people must see what happens. */
  async function current(
    session: Session,
    secret: string,
    isDecision: boolean,
    method: string,
  ): Promise<Session | null> {
    const isOld = isDecision || clock.nowMs() - session.claimsAtMs >= claimsMs;
    if (!isOld) return session;
    try {
      return await refreshedOnce(session, secret);
    } catch (error) {
      const isAway = error instanceof SignalboxError && error.code === 'SIGN_IN_UNAVAILABLE';
      if (isAway && isSafeMethod(method)) return session;
      throw error;
    }
  }

  async function bySession(
    secret: string,
    isDecision: boolean,
    method: string,
  ): Promise<SignedIn | null> {
    const session = await sessions.find(secret);
    if (session === null) return null;
    if (session.via === 'token') {
      const { tokenId, tokenHash } = session;
      const token =
        tokenId === null || tokenHash === null ? null : await tokens.get(tokenId, tokenHash);
      if (token === null) await sessions.end(session.sessionId);
      return token === null ? null : { ...byToken(token), via: 'session' };
    }
    const known = await current(session, secret, isDecision, method);
    if (known === null) return null;
    const { name, role, groups, expiresAtMs } = known;
    return { caller: { name, role, groups }, via: 'session', expiresAtMs };
  }

  return {
    mode: 'sign-in',
    provider: provider === null ? null : { name: provider.name, url: `${basePath}${signInPath}` },
    admit: (request) => checkOrigin(request, (origin) => origin === own),
    async identify(request, isDecision) {
      const text = bearerOf(request);
      if (text !== null) return byToken(await tokenOf(text, request.ip, { tokens, attempts }));
      const secret = cookie.read(request.headers);
      return secret === null ? null : bySession(secret, isDecision, request.method);
    },
  };
}

/** @returns what `Authorization: Bearer` holds; `null` if there is no such header */
export function bearerOf({ headers }: Pick<ArrivingRequest, 'headers'>): string | null {
  const { authorization } = headers;
  if (authorization === undefined) return null;
  return /^bearer +(\S.{0,499})$/i.exec(authorization)?.[1] ?? '';
}

/** @throws SignalboxError `UNAUTHENTICATED`, `TOO_MANY_ATTEMPTS` */
export async function tokenOf(
  text: string,
  ip: string,
  { tokens, attempts }: Pick<SignInParts, 'tokens' | 'attempts'>,
): Promise<Token> {
  attempts.check(ip);
  const token = await tokens.verify(text);
  if (token !== null) return token;
  attempts.failed(ip);
  throw new SignalboxError('UNAUTHENTICATED', 'The API token does not hold', {
    hint: 'It may have been revoked, rotated, or cut when it was copied; an administrator makes another one',
  });
}

export function byToken({ name, role, groups, workflows, expiresAtMs }: Token): SignedIn {
  const caller: Caller = { name, role, groups, ...(workflows === null ? {} : { workflows }) };
  return { caller, via: 'token', expiresAtMs };
}

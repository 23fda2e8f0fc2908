import type { z } from 'zod';
import { api } from '../../api/api.ts';
import type { ApiToken, Me } from '../../api/identity.ts';
import { SignalboxError } from '../../errors.ts';
import type { Bind } from '../bind.ts';
import { publicAddress } from '../http/base-path.ts';
import { beginByToken, type SignInDesk, subjectOf } from './begin-session.ts';
import type { Identity, SignedIn } from './identity.ts';
import type { Session } from './sessions.ts';
import type { Token } from './tokens.ts';

export function serveIdentity(bind: Bind, parts: SignInDesk): void {
  serveSessions(bind, parts);
  serveTokens(bind, parts);
}

function serveSessions(bind: Bind, parts: SignInDesk): void {
  const { identity, sessions, provider, cookie, audit, options, refusals, basePath } = parts;

  bind(api.identity.me, (_request, { signedIn }) => toMe(identity, signedIn));
  bind(api.identity.signIn, async ({ body }, call) => {
    if (options === null) {
      throw new SignalboxError('INPUT_INVALID', 'Without sign-in there are no sessions', {
        hint: 'Everybody on this machine is signed in; send a token with each call to act by it',
      });
    }
    const from = { ip: call.ip, headers: { cookie: String(call.headers['cookie'] ?? '') } };
    const begun = await beginByToken(parts, body.token, from).catch(async (error: unknown) => {
      await refusals.note({
        actor: 'anonymous',
        method: 'POST',
        path: '/session',
        ip: call.ip,
        error,
      });
      throw error;
    });
    const { token, session } = begun;
    const { name, role, groups, workflows, expiresAtMs } = token;
    call.setHeader('set-cookie', begun.cookie);
    const endsAtMs = Math.min(session.expiresAtMs, expiresAtMs ?? Number.POSITIVE_INFINITY);
    return toMe(identity, {
      caller: { name, role, groups, ...(workflows === null ? {} : { workflows }) },
      via: 'session',
      expiresAtMs: endsAtMs,
    });
  });
  bind(api.identity.signOut, async (_request, call) => {
    const secret = cookie.read({ cookie: String(call.headers['cookie'] ?? '') });
    const session = secret === null ? null : await sessions.endBySecret(secret);
    call.setHeader('set-cookie', cookie.clear());
    if (session === null) return { url: null };
    await audit.record(session, 'session.ended', subjectOf(session), { why: 'signed out' });
    if (session.via !== 'provider' || provider === null || options === null) return { url: null };
    // signed out here even if the provider cannot be asked
    const home = basePath === '' ? options.publicUrl : publicAddress(options.publicUrl, basePath);
    return { url: await provider.endUrl(home).catch(() => null) };
  });
  bind(api.identity.sessions, async ({ query }) => {
    const page = await sessions.list(query);
    return { sessions: page.sessions.map(toSessionView), cursor: page.cursor };
  });
  bind(api.identity.endSession, async ({ params: { sessionId } }, { caller }) => {
    const session = await sessions.end(sessionId);
    if (session === null) {
      throw new SignalboxError('SESSION_UNKNOWN', `There is no session "${sessionId}"`, {
        details: { sessionId },
      });
    }
    await audit.record(caller, 'session.ended', subjectOf(session), { name: session.name });
    return undefined;
  });
}

function serveTokens(bind: Bind, { tokens, audit }: SignInDesk): void {
  bind(api.tokens.list, async ({ query }) => {
    const page = await tokens.list(query);
    return { tokens: page.tokens.map(toTokenView), cursor: page.cursor };
  });
  bind(api.tokens.create, async ({ body: { expiresAt, ...request } }, { caller }) => {
    const made = await tokens.create(
      { ...request, ...(expiresAt === undefined ? {} : { expiresAtMs: Date.parse(expiresAt) }) },
      caller.name,
    );
    const { tokenId, name, role, groups, workflows } = made.token;
    const details = { name, role, groups, workflows, expiresAt: expiresAt ?? null };
    await audit.record(caller, 'token.created', `token/${tokenId}`, details);
    return { token: toTokenView(made.token), secret: made.secret };
  });
  bind(api.tokens.rotate, async ({ params: { tokenId }, body: { graceMs } }, { caller }) => {
    const made = await tokens.rotate(tokenId, graceMs);
    await audit.record(caller, 'token.rotated', `token/${tokenId}`, { graceMs });
    return { token: toTokenView(made.token), secret: made.secret };
  });
  bind(api.tokens.revoke, async ({ params: { tokenId } }, { caller }) => {
    const token = await tokens.revoke(tokenId);
    await audit.record(caller, 'token.revoked', `token/${tokenId}`, { name: token.name });
    return toTokenView(token);
  });
}

function toMe({ mode, provider }: Identity, signedIn: SignedIn | null): z.input<typeof Me> {
  if (signedIn === null) return { mode, provider, caller: null, via: null, expiresAt: null };
  const { caller, via, expiresAtMs } = signedIn;
  const { name, role, groups, workflows = null } = caller;
  return {
    mode,
    provider,
    caller: { name, role, groups, workflows },
    via,
    expiresAt: timeOf(expiresAtMs),
  };
}

export function toTokenView(token: Token): z.input<typeof ApiToken> {
  const { createdAtMs, expiresAtMs, lastUsedAtMs, revokedAtMs, ...rest } = token;
  return {
    ...rest,
    createdAt: new Date(createdAtMs).toISOString(),
    expiresAt: timeOf(expiresAtMs),
    lastUsedAt: timeOf(lastUsedAtMs),
    revokedAt: timeOf(revokedAtMs),
  };
}

function toSessionView({ createdAtMs, seenAtMs, expiresAtMs, ...session }: Session) {
  const { sessionId, name, role, groups, via } = session;
  return {
    sessionId,
    name,
    role,
    groups,
    via,
    createdAt: new Date(createdAtMs).toISOString(),
    seenAt: new Date(seenAtMs).toISOString(),
    expiresAt: new Date(expiresAtMs).toISOString(),
  };
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

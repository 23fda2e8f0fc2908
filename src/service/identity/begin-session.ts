/** How a session begins, whatever way somebody came. */
import { SignalboxError } from '../../errors.ts';
import { hashOfSecret, parseToken } from './api-token.ts';
import type { IdentityParts } from './open.ts';
import type { Identified } from './provider.ts';
import type { Refusals } from './refusals.ts';
import { roleOf } from './roles.ts';
import { seal } from './sealing.ts';
import { drawSessionSecret, type Session, type SessionStart } from './sessions.ts';
import { tokenOf } from './sign-in.ts';
import type { Token } from './tokens.ts';

export interface SignInDesk extends IdentityParts {
  readonly refusals: Pick<Refusals, 'note'>;
}

interface From {
  readonly ip: string;
  readonly headers: { readonly cookie?: string | undefined };
}

/** @returns text of `Set-Cookie`. @throws SignalboxError `FORBIDDEN` if none of the groups has a role */
export async function beginByProvider(
  parts: IdentityParts,
  { name, subject, groups, grant }: Identified,
  from: From,
): Promise<string> {
  const role = roleOf(groups, parts.options?.roles ?? {});
  if (role === null) {
    const details = { groups: groups.slice(0, 20), why: 'no role' };
    await parts.audit.record({ name }, 'session.begun', 'session', details, 'refused');
    throw new SignalboxError(
      'FORBIDDEN',
      `You are ${name}, and none of your groups has a role here; ask an administrator`,
    );
  }
  const secret = drawSessionSecret();
  const sealed = seal(secret, JSON.stringify(grant));
  const start: SessionStart = {
    via: 'provider',
    tokenId: null,
    tokenHash: null,
    subject,
    name,
    role,
    groups: [...groups],
    sealed,
  };
  return (await begin(parts, start, secret, from)).cookie;
}

/** @throws SignalboxError `UNAUTHENTICATED`, `TOO_MANY_ATTEMPTS` */
export async function beginByToken(
  parts: IdentityParts,
  text: string,
  from: From,
): Promise<{ readonly token: Token; readonly session: Session; readonly cookie: string }> {
  const token = await tokenOf(text, from.ip, parts);
  const { tokenId, name, role, groups } = token;
  const start: SessionStart = {
    via: 'token',
    tokenId,
    tokenHash: hashOfSecret(parseToken(text)?.secret ?? ''),
    subject: null,
    name,
    role,
    groups,
    sealed: null,
  };
  return { token, ...(await begin(parts, start, drawSessionSecret(), from)) };
}

async function begin(
  { sessions, cookie, audit }: IdentityParts,
  start: SessionStart,
  secret: string,
  { ip, headers }: From,
) {
  const session = await sessions.begin(start, secret);
  // whoever was signed in before is not any more, and no session is taken over
  const former = cookie.read(headers);
  if (former !== null) await sessions.endBySecret(former);
  const { role, via, name, createdAtMs, expiresAtMs } = session;
  await audit.record({ name }, 'session.begun', subjectOf(session), { role, via, ip });
  return { session, cookie: cookie.set(secret, expiresAtMs - createdAtMs) };
}

/** Enough to tell sessions apart. */
export function subjectOf({ sessionId }: Pick<Session, 'sessionId'>): string {
  return `session/${sessionId.slice(0, 16)}`;
}

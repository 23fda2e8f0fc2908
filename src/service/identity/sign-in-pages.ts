/** The way of a browser to the provider and back; these are pages, no calls of the interface. */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { SignalboxError } from '../../errors.ts';
import { html } from '../../html.ts';
import { pageHeaders, toDocument } from '../../links/document.ts';
import { createCookie } from './cookies.ts';
import { callbackPath, type IdentityParts } from './open.ts';
import type { Begun } from './provider.ts';
import { roleOf } from './roles.ts';
import { seal } from './sealing.ts';
import { drawSessionSecret } from './sessions.ts';
import { signInPath } from './sign-in.ts';

/** How long somebody may take at the provider. */
const patienceMs = 600_000;
/** Sign-ins under way; the oldest are forgotten first. */
const maxPending = 1_000;

interface Pending {
  readonly begun: Begun;
  readonly to: string;
  readonly endMs: number;
}

export function serveSignIn(app: FastifyInstance, parts: IdentityParts): void {
  const { provider, options, sessions, cookie, audit, clock, attempts } = parts;
  if (options === null || provider === null) return;
  const { origin, protocol } = new URL(options.publicUrl);
  const absoluteMs = options.session?.absoluteMs ?? 43_200_000;
  /** Binds the answer of the provider to the browser that asked. */
  const underWay = createCookie('signalbox-sign-in', protocol === 'https:');
  const pending = new Map<string, Pending>();

  app.get<{ Querystring: { to?: string } }>(
    signInPath,
    { schema: { hide: true } },
    async ({ query, ip }, reply) => {
      attempts.check(ip);
      const { url, begun } = await provider.begin();
      const id = randomBytes(32).toString('base64url');
      pending.set(id, { begun, to: localPath(query.to), endMs: clock.nowMs() + patienceMs });
      const [oldest] = pending.keys();
      if (pending.size > maxPending && oldest !== undefined) pending.delete(oldest);
      return reply
        .header('set-cookie', underWay.set(id, patienceMs))
        .header('cache-control', 'no-store')
        .redirect(url, 303);
    },
  );

  app.get(callbackPath, { schema: { hide: true } }, async (request, reply) => {
    const { headers, ip } = request;
    attempts.check(ip);
    void reply.header('set-cookie', underWay.clear());
    const id = underWay.read(headers) ?? '';
    const known = pending.get(id);
    pending.delete(id);
    if (known === undefined || clock.nowMs() >= known.endMs) {
      return notice(reply, 400, 'This sign-in is not under way any more', 'Sign in again.');
    }
    try {
      const person = await provider.finish(new URL(request.url, origin), known.begun);
      const { name, subject, groups, grant } = person;
      const role = roleOf(groups, options.roles ?? {});
      if (role === null) {
        await audit.record(
          { name },
          'session.begun',
          'session',
          { groups: groups.slice(0, 20), why: 'no role' },
          'refused',
        );
        const text = `You are ${name}, and none of your groups has a role here. Ask an administrator.`;
        return notice(reply, 403, 'You may not use this service', text);
      }
      // whoever was signed in before is not any more, and no session is taken over
      const secret = drawSessionSecret();
      const session = await sessions.begin(
        {
          via: 'provider',
          tokenId: null,
          subject,
          name,
          role,
          groups: [...groups],
          sealed: seal(secret, JSON.stringify(grant)),
        },
        secret,
      );
      const former = cookie.read(headers);
      if (former !== null) await sessions.endBySecret(former);
      const subjectOf = `session/${session.sessionId.slice(0, 16)}`;
      await audit.record({ name }, 'session.begun', subjectOf, { role, via: 'provider', ip });
      return await reply
        .header('set-cookie', cookie.set(secret, absoluteMs))
        .header('cache-control', 'no-store')
        .redirect(known.to, 303);
    } catch (error) {
      if (!(error instanceof SignalboxError)) throw error;
      request.log.warn({ err: error }, 'a sign-in failed');
      attempts.failed(ip);
      const status = error.code === 'SIGN_IN_UNAVAILABLE' ? 503 : 403;
      return notice(reply, status, 'You are not signed in', `${error.message}.`);
    }
  });
}

function notice(reply: FastifyReply, status: number, title: string, text: string) {
  const main = html`<h1>${title}</h1>
<p>${text}</p>
<p><a href="${signInPath}">Sign in</a></p>`;
  return reply.status(status).headers(pageHeaders).send(toDocument(title, main));
}

/** A path of the service's own; anything else leads to its first page. */
function localPath(to: string | undefined): string {
  const base = 'http://service.invalid';
  const url = to?.startsWith('/') === true ? URL.parse(to, base) : null;
  return url?.origin === base ? `${url.pathname}${url.search}${url.hash}` : '/';
}

/**
 * Signing in with a browser: the page that asks how, the way to the provider and back. These are pages, no calls of the interface. Ways back (`to`) are
 * paths below the base path, so that nothing leads out of it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SignalboxError } from '../../errors.ts';
import { html } from '../../html.ts';
import { pageHeaders, toDocument } from '../../links/document.ts';
import { publicAddress } from '../http/base-path.ts';
import { beginByProvider, beginByToken, type SignInDesk } from './begin-session.ts';
import { createCookie } from './cookies.ts';
import { callbackPath } from './open.ts';
import { Begun } from './provider.ts';
import { seal, unseal } from './sealing.ts';
import { drawSessionSecret } from './sessions.ts';
import { signInPath } from './sign-in.ts';

const askPath = '/auth';
const tokenPath = '/auth/token';
/** How long somebody may take at the provider. */
const patienceMs = 600_000;
/** Of the address to come back to: cookies have room for 4,096 characters. */
const maxToLength = 1_500;
const maxFormBytes = 8_192;

/** A sign-in that is under way. The browser keeps it, sealed: what strangers begin takes no room here. */
const Pending = z.object({ begun: Begun, to: z.string(), endMs: z.number() });
type Pending = z.infer<typeof Pending>;

type Asked = FastifyRequest<{ Querystring: { to?: unknown } }>;

export async function serveSignIn(app: FastifyInstance, desk: SignInDesk): Promise<void> {
  const { provider, options, identity, clock, attempts, refusals, basePath } = desk;
  if (options === null) return;
  const address = publicAddress(options.publicUrl, basePath);
  /** Binds the answer of the provider to the browser that asked. */
  const underWay = createCookie('signalbox-sign-in', address.startsWith('https:'), basePath);
  const key = drawSessionSecret();
  const asking = { providerName: provider?.name ?? null, basePath };

  // whoever opens a page without a session is asked to sign in, and comes back to it
  app.addHook('onRequest', async (request, reply): Promise<FastifyReply | undefined> => {
    const { method, url, headers } = request;
    if (!request.is404 || method !== 'GET' || headers.accept?.includes('text/html') !== true)
      return undefined;
    const signedIn = await identity.identify(request, false).catch(() => null);
    return signedIn === null
      ? reply.redirect(`${askPath}?to=${encodeURIComponent(url)}`, 303)
      : undefined;
  });

  app.get(askPath, { schema: { hide: true } }, async ({ query }: Asked, reply) =>
    askPage(reply, 200, { ...asking, to: localPath(query.to), problem: null }),
  );

  app.get(signInPath, { schema: { hide: true } }, async ({ query, ip }: Asked, reply) => {
    const to = localPath(query.to);
    if (provider === null) return reply.redirect(`${askPath}?to=${encodeURIComponent(to)}`, 303);
    attempts.check(ip);
    try {
      const { url, begun } = await provider.begin();
      const back = to.length > maxToLength ? '/' : to;
      const pending: Pending = { begun, to: back, endMs: clock.nowMs() + patienceMs };
      return await reply
        .header('set-cookie', underWay.set(seal(key, JSON.stringify(pending)), patienceMs))
        .header('cache-control', 'no-store')
        .redirect(url, 303);
    } catch (error) {
      return refused(reply, error, to);
    }
  });

  app.get(callbackPath, { schema: { hide: true } }, async (request, reply) => {
    const { headers, ip } = request;
    attempts.check(ip);
    void reply.header('set-cookie', underWay.clear());
    const known = pendingOf(key, underWay.read(headers));
    const to = known?.to ?? '/';
    if (provider === null || known === null || clock.nowMs() >= known.endMs) {
      const problem = 'This sign-in is not under way any more. Sign in again.';
      return askPage(reply, 400, { ...asking, to, problem });
    }
    try {
      const person = await provider.finish(new URL(`${address}${request.url}`), known.begun);
      const cookie = await beginByProvider(desk, person, { ip, headers });
      return await reply.header('set-cookie', cookie).redirect(to, 303);
    } catch (error) {
      // whoever is known by name stands in the log already
      const isKnown = error instanceof SignalboxError && error.code === 'FORBIDDEN';
      if (!isKnown) {
        attempts.failed(ip);
        await refusals.note({ actor: 'anonymous', method: 'GET', path: callbackPath, ip, error });
      }
      return refused(reply, error, to);
    }
  });

  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: maxFormBytes },
      (_request, body, parsed) => parsed(null, new URLSearchParams(String(body))),
    );
    scope.post<{ Body: URLSearchParams | undefined }>(
      tokenPath,
      { schema: { hide: true } },
      async ({ body, ip, headers }, reply) => {
        const to = localPath(body?.get('to'));
        try {
          const begun = await beginByToken(desk, body?.get('token') ?? '', { ip, headers });
          return await reply.header('set-cookie', begun.cookie).redirect(to, 303);
        } catch (error) {
          await refusals.note({ actor: 'anonymous', method: 'POST', path: tokenPath, ip, error });
          return refused(reply, error, to);
        }
      },
    );
    done();
  });

  function refused(reply: FastifyReply, error: unknown, to: string) {
    if (!(error instanceof SignalboxError)) throw error;
    const { code, message } = error;
    reply.log.warn({ err: error }, 'a sign-in failed');
    const status = statuses[code] ?? 403;
    return askPage(reply, status, { ...asking, to, problem: `${message}.` });
  }
}

/** `null`: not sealed by this key, or nothing at all. */
function pendingOf(key: string, sealed: string | null): Pending | null {
  if (sealed === null) return null;
  try {
    return Pending.parse(JSON.parse(unseal(key, sealed)));
  } catch {
    return null;
  }
}

const statuses: Readonly<Record<string, number>> = {
  SIGN_IN_UNAVAILABLE: 503,
  TOO_MANY_ATTEMPTS: 429,
  UNAUTHENTICATED: 401,
};

interface Asking {
  readonly to: string;
  readonly providerName: string | null;
  readonly basePath: string;
  readonly problem: string | null;
}

function askPage(
  reply: FastifyReply,
  status: number,
  { to, providerName, problem, basePath }: Asking,
) {
  const main = html`<h1>Sign in to Signalbox</h1>
${problem === null ? [] : [html`<p class="problem" role="alert">${problem}</p>`]}
${
  providerName === null
    ? []
    : [
        // no form: browsers would hold the way to the provider against the policy of this page
        html`<p><a class="button" href="${basePath}${signInPath}?to=${encodeURIComponent(to)}">Sign in with ${providerName}</a></p>`,
      ]
}
<form method="post" action="${basePath}${tokenPath}">
<input type="hidden" name="to" value="${to}">
<label for="token">API token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required>
<button>Sign in with a token</button>
</form>
<p class="aside">An administrator makes tokens: signalbox token create</p>`;
  return (
    reply
      .status(status)
      // with it browsers say from where the form comes
      .headers({ ...pageHeaders, 'referrer-policy': 'same-origin' })
      .send(toDocument('Sign in', main))
  );
}

/** A path of the service's own; anything else leads to its first page. What dots leave behind, as of `/.//other.example`, is another's name. */
function localPath(to: unknown): string {
  const base = 'http://service.invalid';
  const url = typeof to === 'string' && to.startsWith('/') ? URL.parse(to, base) : null;
  return url?.origin === base && !url.pathname.startsWith('//')
    ? `${url.pathname}${url.search}${url.hash}`
    : '/';
}

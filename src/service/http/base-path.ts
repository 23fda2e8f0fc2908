/**
 * The path the service is mounted under. At the door it is taken from whatever arrives and put before whatever a redirect leads to; in between the service
 * speaks of its own paths. A host that takes the prefix off itself, as Express does, and one that leaves it on are the same to it.
 */
import type { FastifyInstance } from 'fastify';
import { SignalboxError } from '../../errors.ts';

const pattern = /^(?:\/[\w.~-]+)+$/;
const maxLength = 200;
/** What the service has there itself: nobody could tell whether the host has taken the prefix off. */
const own =
  /^\/(?:api(?:\/(?:v1|static)(?:\/.*)?)?|(?:assets|auth|decide|healthz|readyz|webhooks)(?:\/.*)?)$/;

/**
 * @param text - as `/signalbox`, with or without a slash at its end
 * @returns without it; empty for the root
 * @throws SignalboxError `INPUT_INVALID`
 */
export function parseBasePath(text: string): string {
  const path = text.replace(/\/$/, '');
  const hasDots = path.split('/').some((part) => part === '.' || part === '..');
  const isPath = path === '' || (pattern.test(path) && !hasDots && path.length <= maxLength);
  if (!isPath)
    throw new SignalboxError('INPUT_INVALID', `"${text}" is no base path`, {
      details: { basePath: text },
      hint: 'Give one of letters, digits and -._~ between slashes, such as /signalbox',
    });
  if (!own.test(path)) return path;
  throw new SignalboxError(
    'INPUT_INVALID',
    `"${text}" cannot be the base path: the service has paths of its own there`,
    { details: { basePath: text }, hint: 'Give another one, such as /signalbox' },
  );
}

/**
 * The one base path that the option and the addresses of the service name; what names none agrees with any.
 *
 * @throws SignalboxError `INPUT_INVALID`
 */
export function agreedBasePath(
  basePath: string | undefined,
  publicUrls: readonly (string | undefined)[],
): string {
  const paths = publicUrls.map((url = '') => URL.parse(url)?.pathname ?? '');
  const named = [basePath ?? '', ...paths].map(parseBasePath).filter((path) => path !== '');
  const [first = '', ...others] = new Set(named);
  const [other] = others;
  if (other === undefined) return first;
  throw new SignalboxError(
    'INPUT_INVALID',
    `The service cannot be both at "${first}" and at "${other}"`,
    { hint: 'Give publicUrl without a path, or with the base path' },
  );
}

/** Where browsers reach the service, without a slash at its end. */
export function publicAddress(publicUrl: string, basePath: string): string {
  return `${new URL(publicUrl).origin}${basePath}`;
}

/**
 * The address the service knows a request by. Of its first page a host that takes the prefix off may leave nothing, or the query alone.
 *
 * @param url - path and query
 */
export function withoutBasePath(basePath: string, url: string): string {
  const rest = url.slice(basePath.length);
  const isPrefixed = url.startsWith(basePath) && /^(?:[/?]|$)/.test(rest);
  const known = isPrefixed ? rest : url;
  return known === '' || known.startsWith('?') ? `/${known}` : known;
}

/** Every redirect of the service and its plugins stays below the base path. */
export function keepRedirectsBelow(basePath: string, app: FastifyInstance): void {
  if (basePath === '') return;
  app.addHook('onSend', async (_request, reply) => {
    const location = reply.getHeader('location');
    if (typeof location === 'string' && location.startsWith('/'))
      void reply.header('location', `${basePath}${location}`);
  });
}

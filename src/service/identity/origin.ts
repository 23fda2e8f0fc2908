/** Whether a request comes from the service's own pages or from a program, and not from another site through somebody's browser. */
import { isIP } from 'node:net';
import { SignalboxError } from '../../errors.ts';
import type { ArrivingRequest } from './identity.ts';

/** They change nothing, and a page of another site cannot read what they answer. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export function isSafeMethod(method: string): boolean {
  return safeMethods.has(method);
}

/** @param hostname - as in an address: IPv6 in brackets */
export function isLoopbackName(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name);
}

export function isLoopbackAddress(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, '');
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'));
}

/**
 * A name that an attacker's page points at this machine (DNS rebinding) is none of the service's.
 *
 * @param isKnown - whether the service goes by this name
 * @throws SignalboxError `HOST_REFUSED`
 */
export function checkHost(
  { headers }: ArrivingRequest,
  isKnown: (hostname: string, host: string) => boolean,
): void {
  const host = headers.host ?? '';
  const url = URL.parse(`http://${host}`);
  if (url !== null && url.pathname === '/' && url.username === '' && isKnown(url.hostname, host)) {
    return;
  }
  throw new SignalboxError('HOST_REFUSED', 'The service does not go by the name it was called by', {
    hint: 'Call it by the address it prints when it starts, or name further ones in the settings (hosts)',
  });
}

/**
 * Browsers name the origin of whatever could change something, and say of everything else whether a page of another site asks for it; programs say
 * nothing. Links from other sites lead to pages.
 *
 * @param isOwn - whether pages of this origin are the service's own
 * @throws SignalboxError `ORIGIN_REFUSED`
 */
export function checkOrigin(
  { method, headers }: ArrivingRequest,
  isOwn: (origin: string) => boolean,
): void {
  const { origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers;
  if (isSafeMethod(method) && mode === 'navigate') return;
  const isForeign = origin !== undefined && !isOwn(origin);
  const isSaidForeign =
    origin === undefined && site !== undefined && site !== 'same-origin' && site !== 'none';
  if (!isForeign && !isSaidForeign) return;
  throw new SignalboxError('ORIGIN_REFUSED', 'A page of another site may not call the service', {
    hint: "Call it from the service's own pages, or from a program with an API token",
  });
}

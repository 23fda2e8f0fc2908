import { ActorName, Groups } from '../../api/identity.ts';
import { SignalboxError } from '../../errors.ts';
import type { ArrivingRequest, Identity } from './identity.ts';
import type { DevelopmentOptions } from './options.ts';
import { checkHost, checkOrigin, isLoopbackAddress, isLoopbackName } from './origin.ts';
import { bearerOf, byToken, type SignInParts, tokenOf } from './sign-in.ts';

/**
 * Everybody on this machine is the administrator `actor`, or whom the headers `x-signalbox-actor` (percent-encoded) and `x-signalbox-groups`
 * (with commas) name, or whose API token is sent. Requests from elsewhere are refused one by one, however the server came to listen there.
 */
export function createDevelopmentIdentity(
  { actor = 'developer', groups: own = [], origins = [] }: DevelopmentOptions,
  parts: Pick<SignInParts, 'tokens' | 'attempts'>,
): Identity {
  return {
    mode: 'development',
    provider: null,
    admit(request) {
      checkIsLocal(request);
      checkHost(request, isLoopbackName);
      checkOrigin(request, (origin) => {
        const host = URL.parse(origin)?.host;
        return host === request.headers.host || origins.includes(origin);
      });
    },
    async identify(request) {
      const { headers, ip } = request;
      const text = bearerOf(request);
      if (text !== null) return byToken(await tokenOf(text, ip, parts));
      const { 'x-signalbox-actor': givenName, 'x-signalbox-groups': givenGroups } = headers;
      const isUnnamed = givenName === undefined && givenGroups === undefined;
      const name = ActorName.safeParse(givenName === undefined ? actor : decoded(givenName));
      const listed = String(givenGroups ?? '').split(',');
      const groups = Groups.safeParse(
        isUnnamed
          ? own
          : listed.map((group) => decoded(group)?.trim()).filter((group) => group !== ''),
      );
      if (!name.success || !groups.success) {
        throw new SignalboxError(
          'INPUT_INVALID',
          'Headers x-signalbox-actor and x-signalbox-groups: expected a name of at most 200 characters, percent-encoded, and up to 100 groups',
        );
      }
      return {
        caller: { name: name.data, role: 'admin', groups: groups.data },
        via: 'development',
        expiresAtMs: null,
      };
    },
  };
}

/** Headers carry ASCII alone. @returns `undefined` if it is not percent-encoded UTF-8 */
function decoded(given: string | string[]): string | undefined {
  try {
    return decodeURIComponent(String(given));
  } catch {
    return undefined;
  }
}

/** What proxies add to what they hand on. */
const proxyHeader = /^(?:forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|true-client-ip|cf-.*)$/;

/** @throws SignalboxError `SIGN_IN_REQUIRED`, also for what a proxy on this machine hands on */
function checkIsLocal({ ip, headers }: ArrivingRequest): void {
  const isHandedOn = Object.keys(headers).some((name) => proxyHeader.test(name));
  if (isLoopbackAddress(ip) && !isHandedOn) return;
  throw new SignalboxError(
    'SIGN_IN_REQUIRED',
    'Without sign-in the service answers this machine alone',
    { hint: 'Configure sign-in, see docs/secure.md' },
  );
}

/**
 * Call it before the service listens.
 *
 * @param host - what the server is to listen on
 * @throws SignalboxError `SIGN_IN_REQUIRED`
 */
export function checkMayListen(identity: Pick<Identity, 'mode'>, host: string): void {
  if (identity.mode === 'sign-in' || isLoopbackName(host)) return;
  throw new SignalboxError(
    'SIGN_IN_REQUIRED',
    `The service does not listen on "${host}" without sign-in: everybody there would be its administrator`,
    {
      details: { host },
      hint: 'Listen on 127.0.0.1, or configure sign-in with --auth FILE, see docs/secure.md',
    },
  );
}

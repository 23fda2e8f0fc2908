import { ActorName, Groups } from '../../api/identity.ts';
import { SignalboxError } from '../../errors.ts';
import type { ArrivingRequest, Identity } from './identity.ts';
import { checkHost, checkOrigin, isLoopbackAddress, isLoopbackName } from './origin.ts';

export interface DevelopmentOptions {
  /** Further origins whose pages may call, such as `http://localhost:5173` of a development server. Default: none. */
  readonly origins?: readonly string[];
}

/**
 * Everybody on this machine is the administrator `developer`, or whom the headers `x-signalbox-actor` and `x-signalbox-groups` name. Requests
 * from elsewhere are refused one by one, however the server came to listen there.
 */
export function createDevelopmentIdentity({ origins = [] }: DevelopmentOptions = {}): Identity {
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
    identify: ({ headers }) => {
      const name = headers['x-signalbox-actor'] ?? 'developer';
      const groups = String(headers['x-signalbox-groups'] ?? '').split(',');
      const parsed = {
        name: ActorName.safeParse(name),
        groups: Groups.safeParse(
          groups.map((group) => group.trim()).filter((group) => group !== ''),
        ),
      };
      if (!parsed.name.success || !parsed.groups.success) {
        throw new SignalboxError(
          'INPUT_INVALID',
          'The header x-signalbox-actor names one actor of at most 200 characters, x-signalbox-groups up to 100 groups',
        );
      }
      return Promise.resolve({
        caller: { name: parsed.name.data, role: 'admin', groups: parsed.groups.data },
        via: 'development',
        expiresAtMs: null,
      });
    },
  };
}

/** @throws SignalboxError `SIGN_IN_REQUIRED`, also for what a proxy on this machine hands on */
function checkIsLocal({ ip, headers }: ArrivingRequest): void {
  const isHandedOn = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
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

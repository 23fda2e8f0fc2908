/** Stands before every call: who calls, whether they may, and about what. */
import type { Route } from '../../api/route.ts';
import type { Store } from '../../ports/store.ts';
import type { ArrivingRequest, Identity, SignedIn } from './identity.ts';
import { checkRole, isDecision } from './permit.ts';
import type { Refusals } from './refusals.ts';
import { checkScope, type GivenRequest, type ScopedRoute } from './scope.ts';

type Arriving = ArrivingRequest & { readonly url: string };

export interface Guard {
  /** Before the body is read. @throws SignalboxError `UNAUTHENTICATED`, `FORBIDDEN` and others of {@link Identity} */
  enter(request: Arriving, route: Route): Promise<SignedIn | null>;
  /** Once the request is checked. @throws SignalboxError `FORBIDDEN`, `RUN_NOT_FOUND` */
  checkScope(
    signedIn: SignedIn | null,
    route: Pick<Route, 'role'> & ScopedRoute,
    request: Arriving & GivenRequest,
  ): Promise<void>;
}

export function createGuard(
  identity: Pick<Identity, 'identify'>,
  refusals: Pick<Refusals, 'note'>,
  store: Pick<Store, 'load'>,
): Guard {
  const note = ({ method, url, ip }: Arriving, signedIn: SignedIn | null, error: unknown) => {
    const [path = ''] = url.split('?');
    return refusals.note({ actor: signedIn?.caller.name ?? 'anonymous', method, path, ip, error });
  };
  return {
    async enter(request, route) {
      let signedIn: SignedIn | null = null;
      try {
        signedIn = await identity.identify(request, isDecision(route));
        checkRole(signedIn, route);
        return signedIn;
      } catch (error) {
        await note(request, signedIn, error);
        throw error;
      }
    },
    async checkScope(signedIn, route, request) {
      if (signedIn === null || route.role === null) return;
      try {
        await checkScope(signedIn.caller, route, request, store);
      } catch (error) {
        await note(request, signedIn, error);
        throw error;
      }
    },
  };
}

/** Stands before every call: who calls, and whether they may. */
import type { Route } from '../../api/route.ts';
import type { ArrivingRequest, Identity, SignedIn } from './identity.ts';
import { checkRole, isDecision } from './permit.ts';
import type { Refusals } from './refusals.ts';

/** @throws SignalboxError `UNAUTHENTICATED`, `FORBIDDEN` and others of {@link Identity} */
export type Guard = (
  request: ArrivingRequest & { readonly url: string },
  route: Route,
) => Promise<SignedIn | null>;

export function createGuard(
  identity: Pick<Identity, 'identify'>,
  refusals: Pick<Refusals, 'note'>,
): Guard {
  return async (request, route) => {
    let signedIn: SignedIn | null = null;
    try {
      signedIn = await identity.identify(request, isDecision(route));
      checkRole(signedIn, route);
      return signedIn;
    } catch (error) {
      const { method, url, ip } = request;
      const [path = ''] = url.split('?');
      await refusals.note({
        actor: signedIn?.caller.name ?? 'anonymous',
        method,
        path,
        ip,
        error,
      });
      throw error;
    }
  };
}

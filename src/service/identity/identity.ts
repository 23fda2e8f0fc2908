/** Who may call the service, and as whom. */
import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import type { Me } from '../../api/identity.ts';
import type { Caller } from '../caller.ts';

/** What identity looks at of a request. */
export interface ArrivingRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Address of the peer. */
  readonly ip: string;
}

export interface SignedIn {
  readonly caller: Caller;
  readonly via: 'development' | 'token' | 'session';
  readonly expiresAtMs: number | null;
}

export interface Identity {
  readonly mode: z.infer<typeof Me>['mode'];
  readonly provider: z.infer<typeof Me>['provider'];
  /**
   * Refuses what another site made a browser send, before anything else is looked at.
   *
   * @throws SignalboxError `HOST_REFUSED`, `ORIGIN_REFUSED`
   */
  admit(request: ArrivingRequest): void;
  /**
   * `null`: nobody has signed in.
   *
   * @param isDecision - the groups must be those the caller has now
   * @throws SignalboxError `UNAUTHENTICATED` for credentials that hold no more, `TOO_MANY_ATTEMPTS`, `SIGN_IN_UNAVAILABLE`
   */
  identify(request: ArrivingRequest, isDecision: boolean): Promise<SignedIn | null>;
}

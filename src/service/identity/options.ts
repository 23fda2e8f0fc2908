/** How one signs in. */
import type { ProviderOptions } from './provider.ts';
import type { RoleRules } from './roles.ts';
import type { SessionLimits } from './sessions.ts';

/** Whether callers sign in, and how. */
export type IdentityOptions = DevelopmentOptions | SignInOptions;

/** Everybody on this machine is the administrator `actor`; everybody else is refused. */
export interface DevelopmentOptions {
  readonly mode: 'development';
  /** Who a caller is who does not say so, as a browser. Default `developer`. */
  readonly actor?: string;
  /** Groups of `actor`, for reviews that are assigned to one. Default: none. */
  readonly groups?: readonly string[];
  /** Further origins whose pages may call, such as `http://localhost:5173` of a development server. Default: none. */
  readonly origins?: readonly string[];
}

/** Nobody is anybody without an API token or a session. */
export interface SignInOptions {
  readonly mode: 'sign-in';
  /** Where browsers reach the service, as `https://ops.example.com` or `https://example.com/signalbox`; https, or loopback. */
  readonly publicUrl: string;
  /** Default: none, one signs in with an API token. */
  readonly provider?: ProviderOptions;
  /** Roles of those who sign in at the provider. Default: nobody has one. */
  readonly roles?: RoleRules;
  readonly session?: Partial<SessionLimits> & {
    /** For how long groups and roles count before the provider is asked again; decisions on reviews ask always. Default 300,000. */
    readonly claimsMs?: number;
  };
}

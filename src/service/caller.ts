/** Who calls. */
import type { Role } from '../api/route.ts';

/** Whoever makes a call, as sign-in or token say. */
export interface Caller {
  /** Recorded as the actor of whatever the call does. */
  readonly name: string;
  readonly role: Role;
  /** For reviews that are assigned to groups. */
  readonly groups: readonly string[];
  /** Workflows the caller is limited to; absent: all. */
  readonly workflows?: readonly string[];
}

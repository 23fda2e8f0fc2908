/** Whether a caller may make a call. */
import { type Role, type Route, roles } from '../../api/route.ts';
import { SignalboxError } from '../../errors.ts';
import type { SignedIn } from './identity.ts';
import { isSafeMethod } from './origin.ts';

/** Decisions on reviews are what reviewers may do and viewers may not. */
export function isDecision({ role, method }: Route): boolean {
  return role === 'reviewer' && !isSafeMethod(method);
}

export function hasRole(has: Role, needs: Role): boolean {
  return roles.indexOf(has) >= roles.indexOf(needs);
}

/** @throws SignalboxError `UNAUTHENTICATED`, `FORBIDDEN` */
export function checkRole(signedIn: SignedIn | null, { role, method, path }: Route): void {
  if (role === null) return;
  if (signedIn === null) {
    throw new SignalboxError('UNAUTHENTICATED', 'Nobody has signed in', {
      hint: 'Sign in, or send an API token: Authorization: Bearer …',
    });
  }
  const { name, role: has } = signedIn.caller;
  if (hasRole(has, role)) return;
  const needed = role === roles.at(-1) ? role : `${role} or more`;
  throw new SignalboxError('FORBIDDEN', `"${name}" is ${has}; this call needs ${needed}`, {
    details: { name, role: has, needs: role, call: `${method} ${path}` },
  });
}

/** The token of a decision link: a signed statement of who may decide which review how, and until when. */
import { z } from 'zod';
import { canonical } from '../engine/canonical.ts';
import { isSignedByAny, signatureOf } from '../signing.ts';

export const Permission = z.strictObject({
  runId: z.string().min(1).max(200),
  /** Of the review; `completion` is the closing one. */
  step: z.string().min(1).max(200),
  outcome: z.enum(['approved', 'rejected']),
  /** Who decides by this link; stands in the history. */
  actor: z.string().min(1).max(200),
  /** Groups of the actor, for reviews assigned to a group. */
  groups: z.array(z.string().min(1).max(200)).max(20),
  /** SHA-256 of what the review shows; `null`: the link holds whatever it shows. */
  shownHash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  /** A review that was opened later is another one. */
  issuedAtMs: z.int().nonnegative(),
  expiresAtMs: z.int().nonnegative(),
  /** Of the very review it decides; without it, of one that was open when it was issued. */
  openedAtMs: z.int().nonnegative().optional(),
});
export type Permission = z.infer<typeof Permission>;

export type Verified =
  | { readonly ok: true; readonly permission: Permission }
  | { readonly ok: false; readonly reason: 'forged' | 'expired' };

/** Longer ones are not looked at. */
const maxTokenLength = 4_096;
/** What is signed for one purpose must not pass for another. */
const purpose = 'signalbox decision link 1\n';

/** The same permission and key always give the same token: `payload.signature`, both base64url. */
export function toToken(permission: Permission, key: Uint8Array): string {
  const payload = Buffer.from(canonical(Permission.parse(permission))).toString('base64url');
  return `${payload}.${signatureOf(key, purpose + payload).toString('base64url')}`;
}

/** @param keys - any of them may have signed it */
export function verifyToken(token: string, keys: readonly Uint8Array[], nowMs: number): Verified {
  const forged = { ok: false, reason: 'forged' } as const;
  if (token.length > maxTokenLength) return forged;
  const [payload = '', encoded = '', ...rest] = token.split('.');
  const signature = Buffer.from(encoded, 'base64url');
  const isWellFormed = rest.length === 0 && signature.toString('base64url') === encoded;
  if (!isWellFormed || !isSignedByAny(keys, purpose + payload, signature)) return forged;
  const permission = Permission.safeParse(jsonOf(payload));
  if (!permission.success) return forged;
  if (nowMs >= permission.data.expiresAtMs) return { ok: false, reason: 'expired' };
  return { ok: true, permission: permission.data };
}

function jsonOf(payload: string): unknown {
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

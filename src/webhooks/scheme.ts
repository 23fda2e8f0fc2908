/** How the sender of a webhook proves that it has sent it. */
import { type KeyObject, timingSafeEqual } from 'node:crypto';
import { signatureOf } from '../signing.ts';

/** Names in lower case. */
export type WebhookHeaders = Readonly<Record<string, string | undefined>>;

/** What arrived, as it arrived: one changed blank in the body, and no signature fits any more. */
export interface SignedRequest {
  readonly headers: WebhookHeaders;
  readonly body: Uint8Array;
  /** That of its sender, where the request names a certificate. */
  readonly publicKey?: KeyObject;
}

/** The reason may be told to the sender: it says nothing a forger does not know. */
export interface Refusal {
  readonly isGenuine: false;
  readonly reason: string;
}

export type Verdict = { readonly isGenuine: true; readonly id: string | null } | Refusal;

export interface WebhookScheme {
  readonly name: 'standard' | 'github' | 'stripe' | 'slack' | 'generic' | 'bearer' | 'sns';
  /** The key a secret stands for. @throws SignalboxError `SECRET_INVALID`, `DEFINITION_INVALID` for what is no topic */
  keyOf(secret: string): Uint8Array;
  /** `id` is the delivery's, where a header has it. Takes the same time whichever key fits and wherever a wrong signature differs. */
  verify(request: SignedRequest, keys: readonly Uint8Array[], nowMs: number): Verdict;
  /** Name of what has happened, by the sender's habit; `null` if it is not said. */
  eventOf(payload: unknown, headers: WebhookHeaders): string | null;
  /** Id of the delivery, where only the body has it. */
  idOf(payload: unknown): string | null;
}

/** Whoever knows its secret can sign. */
export interface SecretScheme extends WebhookScheme {
  readonly name: Exclude<WebhookScheme['name'], 'sns'>;
  /** Headers with which `verify` accepts the body. */
  sign(given: {
    readonly id: string;
    readonly body: string;
    readonly key: Uint8Array;
    readonly nowMs: number;
  }): Readonly<Record<string, string>>;
}

/** How far the time of a signature may be from now, past or future. */
export const toleranceMs = 5 * 60 * 1000;

/** Signatures of one request that are looked at. */
const maxSignatures = 20;

/** @param signed - what each key has to have signed */
export function checkSignatures(
  signatures: readonly Uint8Array[],
  keys: readonly Uint8Array[],
  ...signed: readonly (string | Uint8Array)[]
): boolean {
  const given = signatures.slice(0, maxSignatures);
  const matches = keys.flatMap((key) => {
    const expected = signatureOf(key, ...signed);
    return given.map(
      (signature) =>
        signature.byteLength === expected.byteLength && timingSafeEqual(expected, signature),
    );
  });
  return matches.includes(true);
}

/** `null` unless it is a SHA-256 in hexadecimal. */
export function hexSignature(text: string): Buffer | null {
  return /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : null;
}

/** Seconds since 1970. @returns what is wrong with the time, or `null` */
export function timeProblem(seconds: string | undefined, nowMs: number): string | null {
  if (seconds === undefined || !/^[0-9]{1,12}$/.test(seconds)) return 'has no time in seconds';
  const ageMs = nowMs - Number(seconds) * 1000;
  if (ageMs > toleranceMs) return 'was signed more than 5 minutes ago';
  return ageMs < -toleranceMs ? 'is signed for more than 5 minutes ahead' : null;
}

export const forged = {
  isGenuine: false,
  reason:
    'The signature does not fit the body: it was made with another secret, or the body was changed',
} as const;

export function refused(reason: string): Refusal {
  return { isGenuine: false, reason };
}

export function fieldOf(payload: unknown, ...path: readonly string[]): string | null {
  let value = payload;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null;
    value = Reflect.get(value, name);
  }
  return typeof value === 'string' && value !== '' ? value : null;
}

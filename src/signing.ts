/** Keyed hashes: what may be a secret, and whether one of several has signed a text. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { SignalboxError } from './errors.ts';

/** Text counts in UTF-8. */
export type Secret = string | Uint8Array;

/** As many bytes as HMAC-SHA256 gives: a shorter secret would be the weakest part (RFC 2104, section 3). */
const minSecretBytes = 32;

/**
 * @param use - what the secrets are for, in the error
 * @param least - bytes of each; lower only for secrets that others have made
 * @throws SignalboxError `SECRET_INVALID` if there is none, or one is shorter than `least` bytes; it never quotes a secret
 */
export function parseSecrets(
  secrets: readonly Secret[],
  use: string,
  least = minSecretBytes,
): readonly Uint8Array[] {
  if (secrets.length === 0) {
    throw new SignalboxError('SECRET_INVALID', `No secret is given for ${use}`, {
      hint: 'Give one of at least 32 random bytes, such as the output of: openssl rand -hex 32',
    });
  }
  return secrets.map((secret, index) => {
    const key = typeof secret === 'string' ? Buffer.from(secret, 'utf8') : Uint8Array.from(secret);
    if (key.byteLength >= least) return key;
    throw new SignalboxError(
      'SECRET_INVALID',
      `Secret ${index + 1} of ${secrets.length} for ${use} has ${key.byteLength} bytes; it needs at least ${least}`,
      { hint: 'Take random bytes, such as the output of: openssl rand -hex 32' },
    );
  });
}

/** HMAC-SHA256 (RFC 2104) of parts that follow each other, 32 bytes; text counts in UTF-8. */
export function signatureOf(key: Uint8Array, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** Takes the same time whichever key fits and wherever a wrong signature differs. */
export function isSignedByAny(
  keys: readonly Uint8Array[],
  text: string,
  signature: Uint8Array,
): boolean {
  const matches = keys.map((key) => {
    const expected = signatureOf(key, text);
    return expected.byteLength === signature.byteLength && timingSafeEqual(expected, signature);
  });
  return matches.includes(true);
}

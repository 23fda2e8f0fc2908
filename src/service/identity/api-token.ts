/**
 * The text of an API token: `sbx_<id>_<secret>`. The id finds the record, the secret is 256 random bits. What is kept is its SHA-256: a slow
 * hash protects secrets that people choose, since those can be guessed; among 2^256 there is nothing to guess. The prefix lets scanners of
 * repositories and logs recognise a token.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

export interface TokenText {
  /** 16 hex digits; no secret. */
  readonly id: string;
  readonly secret: string;
}

const pattern = /^sbx_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

export function drawToken(id = randomBytes(8).toString('hex')): TokenText {
  return { id, secret: randomBytes(32).toString('base64url') };
}

export function formatToken({ id, secret }: TokenText): string {
  return `sbx_${id}_${secret}`;
}

export function parseToken(text: string): TokenText | null {
  const [, id, secret] = pattern.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}

/** Hex. */
export function hashOfSecret(secret: string): string {
  return hash('sha256', secret, 'hex');
}

/** Takes the same time for every secret and every list of as many hashes. */
export function isSecretOf(secret: string, hashes: readonly string[]): boolean {
  const given = Buffer.from(hashOfSecret(secret), 'hex');
  const matches = hashes.map((one) => {
    const kept = Buffer.from(one, 'hex');
    return kept.length === given.length && timingSafeEqual(kept, given);
  });
  return matches.includes(true);
}

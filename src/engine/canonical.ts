import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** RFC 8785 canonical JSON; `undefined` counts as `null`. */
export function canonical(value: unknown): string {
  return value == null ? 'null' : (canonicalize(value) ?? 'null');
}

export function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

/** SHA-256, hex, of the canonical JSON. */
export function digest(value: unknown): string {
  return sha256(canonical(value));
}

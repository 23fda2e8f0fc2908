import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Json } from '../plan/json.ts';

/** RFC 8785 canonical JSON; `undefined` counts as `null`. */
export function canonical(value: unknown): string {
  return canonicalize(value ?? null) ?? 'null';
}

export function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

/** SHA-256, hex, of the canonical JSON. */
export function digest(value: unknown): string {
  return sha256(canonical(value));
}

export function copyJson<T extends Json>(value: T): T {
  return structuredClone(value);
}

import { fastifyCookie } from '@fastify/cookie';

export interface Cookie {
  read(headers: { readonly cookie?: string | undefined }): string | null;
  /** Text of `Set-Cookie`. */
  set(value: string, maxAgeMs: number): string;
  clear(): string;
}

/**
 * Out of reach for scripts, and not sent along when another site posts (RFC 6265bis, SameSite=Lax). With https the prefix `__Host-` sees to it that
 * no other host and no plain connection can set it.
 */
export function createCookie(name: string, isSecure: boolean): Cookie {
  const fullName = isSecure ? `__Host-${name}` : name;
  const attributes = { path: '/', httpOnly: true, secure: isSecure, sameSite: 'lax' } as const;
  return {
    read({ cookie = '' }) {
      const value = fastifyCookie.parse(cookie)[fullName];
      return value === undefined || value === '' ? null : value;
    },
    set: (value, maxAgeMs) =>
      fastifyCookie.serialize(fullName, value, {
        ...attributes,
        maxAge: Math.floor(maxAgeMs / 1_000),
      }),
    clear: () => fastifyCookie.serialize(fullName, '', { ...attributes, maxAge: 0 }),
  };
}

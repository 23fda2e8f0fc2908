import { fastifyCookie } from '@fastify/cookie';

export interface Cookie {
  readonly name: string;
  read(headers: { readonly cookie?: string | undefined }): string | null;
  /** Text of `Set-Cookie`. */
  set(value: string, maxAgeMs: number): string;
  clear(): string;
}

/**
 * Out of reach for scripts, and not sent along when another site posts (RFC 6265bis, SameSite=Lax). With https the prefix `__Host-` sees to it that
 * no other host and no plain connection can set it; below a base path it is `__Secure-`, since `__Host-` holds for a host as a whole.
 *
 * @param basePath - below which it is sent
 */
export function createCookie(name: string, isSecure: boolean, basePath: string): Cookie {
  const prefix = basePath === '' ? '__Host-' : '__Secure-';
  const fullName = isSecure ? `${prefix}${name}` : name;
  const path = basePath === '' ? '/' : basePath;
  const attributes = { path, httpOnly: true, secure: isSecure, sameSite: 'lax' } as const;
  return {
    name: fullName,
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

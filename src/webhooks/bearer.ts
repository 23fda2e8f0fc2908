import { createHash, timingSafeEqual } from 'node:crypto';
import { fieldOf, forged, refused, type SecretScheme } from './scheme.ts';
import { textKey } from './text-key.ts';

/**
 * A secret that comes along with each request: `Authorization: Bearer <secret>`, as MinIO sends its `auth_token`, or the password of
 * `Authorization: Basic`, as Amazon SNS sends what stands in the address. Nothing is signed, so it is only as safe as the way it comes: use TLS.
 */
export const bearerScheme: SecretScheme = {
  name: 'bearer',
  keyOf: textKey('requests with a bearer token'),
  verify({ headers }, keys) {
    const given = headers['authorization'];
    if (given === undefined) return refused('Header Authorization is needed');
    const secret = secretOf(given);
    if (secret === null) return refused('Header Authorization is neither Bearer nor Basic');
    const digest = digestOf(secret);
    const matches = keys.map((key) => timingSafeEqual(digestOf(key), digest));
    return matches.includes(true) ? { isGenuine: true, id: null } : forged;
  },
  sign: ({ key }) => ({ authorization: `Bearer ${Buffer.from(key).toString('utf8')}` }),
  eventOf: (payload) => fieldOf(payload, 'type'),
  idOf: () => null,
};

function secretOf(authorization: string): string | null {
  const [, scheme = '', rest = ''] = /^(bearer|basic) +(\S+) *$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'bearer') return rest;
  if (scheme === '') return null;
  const pair = Buffer.from(rest, 'base64').toString('utf8');
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : null;
}

/** Of one length, whatever the secret's is. */
function digestOf(secret: string | Uint8Array): Buffer {
  return createHash('sha256').update(secret).digest();
}

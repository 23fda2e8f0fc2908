import { signatureOf } from '../signing.ts';
import {
  checkSignatures,
  fieldOf,
  forged,
  hexSignature,
  refused,
  type SecretScheme,
} from './scheme.ts';
import { textKey } from './text-key.ts';

/** `X-Signature: sha256=<hex>` over the body; `X-Delivery-Id` tells deliveries apart, without being signed. */
export const genericScheme: SecretScheme = {
  name: 'generic',
  keyOf: textKey('webhooks'),
  verify({ headers, body }, keys) {
    const given = headers['x-signature'];
    if (given === undefined) return refused('Header X-Signature is needed');
    const signatures = given.split(',').flatMap((one) => {
      const text = one.trim();
      return (text.startsWith('sha256=') ? hexSignature(text.slice(7)) : null) ?? [];
    });
    if (signatures.length === 0)
      return refused('Header X-Signature is not "sha256=" and 64 hex digits');
    return checkSignatures(signatures, keys, body)
      ? { isGenuine: true, id: headers['x-delivery-id'] ?? null }
      : forged;
  },
  sign: ({ id, body, key }) => ({
    'x-delivery-id': id,
    'x-signature': `sha256=${signatureOf(key, body).toString('hex')}`,
  }),
  eventOf: (payload) =>
    fieldOf(payload, 'type') ?? fieldOf(payload, 'event') ?? fieldOf(payload, 'action'),
  idOf: () => null,
};

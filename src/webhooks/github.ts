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

const header = 'x-hub-signature-256';

/** GitHub: `X-Hub-Signature-256` over the body. Neither a time nor the id of the delivery is signed. */
export const githubScheme: SecretScheme = {
  name: 'github',
  keyOf: textKey('webhooks of GitHub'),
  verify({ headers, body }, keys) {
    const given = headers[header];
    if (given === undefined) return refused('Header X-Hub-Signature-256 is needed');
    const signature = given.startsWith('sha256=') ? hexSignature(given.slice(7)) : null;
    if (signature === null)
      return refused('Header X-Hub-Signature-256 is not "sha256=" and 64 hex digits');
    return checkSignatures([signature], keys, body)
      ? { isGenuine: true, id: headers['x-github-delivery'] ?? null }
      : forged;
  },
  sign: ({ id, body, key }) => ({
    'x-github-delivery': id,
    [header]: `sha256=${signatureOf(key, body).toString('hex')}`,
  }),
  eventOf(payload, headers) {
    const [event, action] = [headers['x-github-event'], fieldOf(payload, 'action')];
    return event === undefined || action === null ? (event ?? null) : `${event}.${action}`;
  },
  idOf: () => null,
};

import { SignalboxError } from '../errors.ts';
import { parseSecrets, signatureOf } from '../signing.ts';
import {
  checkSignatures,
  fieldOf,
  forged,
  refused,
  type SecretScheme,
  timeProblem,
} from './scheme.ts';

const prefix = 'whsec_';
/** Of the key: what the specification asks of secrets. */
const leastBytes = 24;

/** Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`, and one or more `v1,<base64>` in `webhook-signature`. */
export const standardScheme: SecretScheme = {
  name: 'standard',
  keyOf(secret) {
    const text = secret.startsWith(prefix) ? secret.slice(prefix.length) : secret;
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text))
      throw new SignalboxError(
        'SECRET_INVALID',
        'A secret of Standard Webhooks is "whsec_" and base64; this one is not',
        { hint: 'Copy it whole from where the sender shows it' },
      );
    const [key] = parseSecrets([Buffer.from(text, 'base64')], 'Standard Webhooks', leastBytes);
    return key ?? Buffer.alloc(0);
  },
  verify({ headers, body }, keys, nowMs) {
    const id = headers['webhook-id'];
    const time = headers['webhook-timestamp'];
    const given = headers['webhook-signature'];
    if (id === undefined || given === undefined)
      return refused('Headers webhook-id and webhook-signature are needed');
    // a full stop in the id could pass for the one behind it
    if (!/^[!-\-/-~]{1,200}$/.test(id)) return refused('Header webhook-id is no id');
    const problem = timeProblem(time, nowMs);
    if (problem !== null) return refused(`Header webhook-timestamp ${problem}`);
    const signatures = given.split(' ').flatMap((one) => {
      const [version, text = ''] = one.split(',');
      return version === 'v1' && /^[A-Za-z0-9+/]{43}=$/.test(text)
        ? [Buffer.from(text, 'base64')]
        : [];
    });
    return checkSignatures(signatures, keys, `${id}.${time}.`, body)
      ? { isGenuine: true, id }
      : forged;
  },
  sign({ id, body, key, nowMs }) {
    const time = String(Math.floor(nowMs / 1000));
    return {
      'webhook-id': id,
      'webhook-timestamp': time,
      'webhook-signature': `v1,${signatureOf(key, `${id}.${time}.`, body).toString('base64')}`,
    };
  },
  eventOf: (payload) => fieldOf(payload, 'type'),
  idOf: () => null,
};

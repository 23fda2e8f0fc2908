import { signatureOf } from '../signing.ts';
import {
  checkSignatures,
  fieldOf,
  forged,
  hexSignature,
  refused,
  type SecretScheme,
  timeProblem,
} from './scheme.ts';
import { textKey } from './text-key.ts';

/** Stripe: `Stripe-Signature: t=<seconds>,v1=<hex>`, several `v1` while its secret is rolled; the id of the event stands in the body. */
export const stripeScheme: SecretScheme = {
  name: 'stripe',
  keyOf: textKey('webhooks of Stripe'),
  verify({ headers, body }, keys, nowMs) {
    const given = headers['stripe-signature'];
    if (given === undefined) return refused('Header Stripe-Signature is needed');
    const parts = given.split(',').map((part) => part.trim().split('='));
    const times = parts.flatMap(([name, text]) => (name === 't' ? [text] : []));
    const [time] = times;
    const problem = times.length === 1 ? timeProblem(time, nowMs) : 'has no time, or several';
    if (problem !== null) return refused(`Header Stripe-Signature ${problem}`);
    const signatures = parts.flatMap(([name, text = '']) =>
      name === 'v1' ? (hexSignature(text) ?? []) : [],
    );
    return checkSignatures(signatures, keys, `${time}.`, body)
      ? { isGenuine: true, id: null }
      : forged;
  },
  sign({ body, key, nowMs }) {
    const time = String(Math.floor(nowMs / 1000));
    const signature = signatureOf(key, `${time}.`, body).toString('hex');
    return { 'stripe-signature': `t=${time},v1=${signature}` };
  },
  eventOf: (payload) => fieldOf(payload, 'type'),
  idOf: (payload) => fieldOf(payload, 'id'),
};

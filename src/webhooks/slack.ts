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

/** Slack: `X-Slack-Signature: v0=<hex>` over `v0:<seconds>:<body>`. */
export const slackScheme: SecretScheme = {
  name: 'slack',
  keyOf: textKey('requests of Slack'),
  verify({ headers, body }, keys, nowMs) {
    const given = headers['x-slack-signature'];
    const time = headers['x-slack-request-timestamp'];
    if (given === undefined) return refused('Header X-Slack-Signature is needed');
    const problem = timeProblem(time, nowMs);
    if (problem !== null) return refused(`Header X-Slack-Request-Timestamp ${problem}`);
    const signature = given.startsWith('v0=') ? hexSignature(given.slice(3)) : null;
    if (signature === null)
      return refused('Header X-Slack-Signature is not "v0=" and 64 hex digits');
    return checkSignatures([signature], keys, `v0:${time}:`, body)
      ? { isGenuine: true, id: null }
      : forged;
  },
  sign({ body, key, nowMs }) {
    const time = String(Math.floor(nowMs / 1000));
    const signature = signatureOf(key, `v0:${time}:`, body).toString('hex');
    return { 'x-slack-request-timestamp': time, 'x-slack-signature': `v0=${signature}` };
  },
  eventOf: (payload) => fieldOf(payload, 'event', 'type') ?? fieldOf(payload, 'type'),
  idOf: (payload) => fieldOf(payload, 'event_id'),
};

/** Names of topics, and the only addresses that may be asked on account of a message. */
import { SignalboxError } from '../errors.ts';
import type { SnsMessage } from './sns-message.ts';

const pattern =
  /^arn:(aws|aws-cn|aws-us-gov):sns:([a-z]{2}(?:-[a-z]+)+-\d{1,2}):\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?$/;

/** @throws SignalboxError `DEFINITION_INVALID` */
export function topicKey(arn: string): Uint8Array {
  if (pattern.test(arn)) return Buffer.from(arn);
  throw new SignalboxError(
    'DEFINITION_INVALID',
    `"${arn.slice(0, 100)}" is not the ARN of a topic of SNS; expected "arn:aws:sns:<region>:<account>:<name>"`,
    { details: { topic: arn.slice(0, 100) } },
  );
}

/** Where SNS answers for a topic; `null` if the text names none. */
function hostOf(arn: string): string | null {
  const [, partition, region] = pattern.exec(arn) ?? [];
  if (partition === undefined) return null;
  return `sns.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`;
}

/** Where the certificate of a message is; `null` if the message names any other place than that of its topic. */
export function certificateAddress(message: SnsMessage): URL | null {
  const url = addressAt(message.SigningCertURL, message.TopicArn);
  const isCertificate =
    url?.search === '' && /^\/SimpleNotificationService-[0-9A-Za-z]{32}\.pem$/.test(url.pathname);
  return isCertificate ? url : null;
}

/** Where a subscription is confirmed; `null` if the message asks for anything else. */
export function confirmationAddress(message: SnsMessage): URL | null {
  if (message.Type !== 'SubscriptionConfirmation') return null;
  const url = addressAt(message.SubscribeURL, message.TopicArn);
  const isConfirmation =
    url?.pathname === '/' &&
    url.searchParams.get('Action') === 'ConfirmSubscription' &&
    url.searchParams.get('TopicArn') === message.TopicArn;
  return isConfirmation ? url : null;
}

function addressAt(text: string, topic: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isThere =
    url?.protocol === 'https:' &&
    url.host === hostOf(topic) &&
    url.username === '' &&
    url.password === '' &&
    url.hash === '';
  return isThere ? url : null;
}

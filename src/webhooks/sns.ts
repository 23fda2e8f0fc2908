import { type KeyObject, verify as verifySignature } from 'node:crypto';
import {
  fieldOf,
  type Refusal,
  refused,
  type SignedRequest,
  type WebhookScheme,
} from './scheme.ts';
import { canonicalText, parseSnsMessage, type SnsMessage } from './sns-message.ts';
import { certificateAddress, topicKey } from './sns-topic.ts';

/** SNS gives up a message after an hour. */
const maxAgeMs = 2 * 60 * 60 * 1000;
const maxAheadMs = 5 * 60 * 1000;

const algorithms: Readonly<Record<string, string>> = { '1': 'sha1', '2': 'sha256' };

export interface SnsScheme extends WebhookScheme {
  readonly name: 'sns';
  /** Address of the certificate a request is signed with, or why it is not worth asking for it. */
  certificateOf(
    request: SignedRequest,
    topics: readonly Uint8Array[],
    nowMs: number,
  ): URL | Refusal;
}

/**
 * Messages of Amazon SNS, signed with the private key of Amazon. Anybody can have a topic, so what counts is which: the keys are the ARNs of the
 * topics that are listened to.
 */
export const snsScheme: SnsScheme = {
  name: 'sns',
  keyOf: topicKey,
  certificateOf(request, topics, nowMs) {
    const looked = lookAt(request, topics, nowMs);
    return 'isGenuine' in looked ? looked : looked.address;
  },
  verify(request, topics, nowMs) {
    const looked = lookAt(request, topics, nowMs);
    if ('isGenuine' in looked) return looked;
    const { message } = looked;
    if (request.publicKey === undefined)
      return refused('There is no valid certificate of RSA at SigningCertURL');
    return isSigned(message, request.publicKey)
      ? { isGenuine: true, id: message.MessageId }
      : refused('The signature does not fit the message');
  },
  eventOf: (payload) =>
    fieldOf(payload, 'type') ??
    fieldOf(payload, 'event') ??
    fieldOf(payload, 'action') ??
    fieldOf(payload, 'detail-type'),
  idOf: () => null,
};

/** Everything about a message but its signature. */
function lookAt(
  { headers, body }: SignedRequest,
  topics: readonly Uint8Array[],
  nowMs: number,
): { readonly message: SnsMessage; readonly address: URL } | Refusal {
  if (headers['x-amz-sns-rawdelivery'] === 'true')
    return refused('Raw message delivery is not signed: switch it off for the subscription');
  const message = parseSnsMessage(body);
  if (message === null) return refused('The body is no signed message of SNS');
  if (!topics.some((topic) => Buffer.from(topic).toString() === message.TopicArn))
    return refused('The topic is not one this source listens to');
  if (algorithms[message.SignatureVersion] === undefined)
    return refused('SignatureVersion is neither 1 nor 2');
  const ageMs = nowMs - Date.parse(message.Timestamp);
  if (!(ageMs <= maxAgeMs)) return refused('It was signed more than 2 hours ago, or has no time');
  if (ageMs < -maxAheadMs) return refused('It is signed for more than 5 minutes ahead');
  const address = certificateAddress(message);
  return address === null
    ? refused('SigningCertURL is no address of SNS in the region of the topic')
    : { message, address };
}

function isSigned(message: SnsMessage, publicKey: KeyObject): boolean {
  const algorithm = algorithms[message.SignatureVersion];
  const signature = Buffer.from(message.Signature, 'base64');
  return verifySignature(algorithm, Buffer.from(canonicalText(message)), publicKey, signature);
}

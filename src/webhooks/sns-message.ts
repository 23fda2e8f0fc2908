/** Messages of Amazon SNS over HTTPS, and what of them is signed. */
import { z } from 'zod';
import type { Json, JsonObject } from '../plan/json.ts';
import { parseJsonBody } from './body.ts';
import type { Notified } from './bucket-notification.ts';

const text = z.string().max(4_096);
const Signed = z.object({
  MessageId: text.min(1),
  TopicArn: text,
  Timestamp: text,
  Message: z.string(),
  SignatureVersion: text,
  Signature: text,
  SigningCertURL: text,
});
export const SnsMessage = z.discriminatedUnion('Type', [
  Signed.extend({ Type: z.literal('Notification'), Subject: z.string().nullish() }),
  Signed.extend({ Type: z.literal('SubscriptionConfirmation'), SubscribeURL: text, Token: text }),
  Signed.extend({ Type: z.literal('UnsubscribeConfirmation'), SubscribeURL: text, Token: text }),
]);
export type SnsMessage = z.infer<typeof SnsMessage>;

/** @returns `null` if it is none */
export function parseSnsMessage(body: Uint8Array): SnsMessage | null {
  try {
    return SnsMessage.safeParse(parseJsonBody(body)).data ?? null;
  } catch {
    return null;
  }
}

/**
 * The text SNS signs: names and values by turns, a line each ("Verifying the signatures of Amazon SNS messages", Amazon SNS Developer Guide).
 * Neither the attributes of a message nor its headers are among them.
 */
export function canonicalText(message: SnsMessage): string {
  const { Message, MessageId, Timestamp, TopicArn, Type } = message;
  const fields =
    message.Type === 'Notification'
      ? { Message, MessageId, Subject: message.Subject, Timestamp, TopicArn, Type }
      : {
          Message,
          MessageId,
          SubscribeURL: message.SubscribeURL,
          Timestamp,
          Token: message.Token,
          TopicArn,
          Type,
        };
  return Object.entries(fields)
    .flatMap(([name, value]) => (value === undefined || value === null ? [] : [name, value]))
    .map((line) => `${line}\n`)
    .join('');
}

/** What a topic was told: JSON where it is some, else the text. An end of the subscription is told as `sns.UnsubscribeConfirmation`. */
export function toldBySns(payload: Json): readonly Notified[] | null {
  const { data: message } = SnsMessage.safeParse(payload);
  if (message === undefined) return null;
  const { Type, MessageId: id, TopicArn, Timestamp, Message } = message;
  return Type === 'Notification'
    ? [{ id, event: null, payload: jsonOrText(Message) }]
    : [{ id, event: `sns.${Type}`, payload: { Type, TopicArn, Timestamp, Message } }];
}

/** A notification as SNS sends it, but for the signature. */
export function anSnsMessage(given: {
  readonly id: string;
  readonly body: string;
  /** ARN of the topic. */
  readonly key: Uint8Array;
  readonly nowMs: number;
}): JsonObject {
  return {
    Type: 'Notification',
    MessageId: given.id,
    TopicArn: Buffer.from(given.key).toString(),
    Timestamp: new Date(given.nowMs).toISOString(),
    Message: given.body,
    SignatureVersion: '2',
    Signature: '',
    SigningCertURL: '',
  } satisfies SnsMessage;
}

function jsonOrText(message: string): Json {
  try {
    return parseJsonBody(Buffer.from(message));
  } catch {
    return message;
  }
}

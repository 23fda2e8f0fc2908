/** Notifications of object stores: Amazon S3 over SNS or EventBridge, MinIO, and whatever speaks their form. */
import { z } from 'zod';
import type { Json } from '../plan/json.ts';

/** An object that came to be, or was removed. */
export const BucketObject = z.object({
  what: z.enum(['created', 'removed', 'other']),
  /** As the store calls it, such as `ObjectCreated:Put`. */
  event: z.string(),
  bucket: z.string(),
  /** Decoded. */
  key: z.string(),
  sizeBytes: z.number().nullable(),
  eTag: z.string().nullable(),
  versionId: z.string().nullable(),
  /** Of two changes of one object, the later one has the greater text. */
  sequencer: z.string().nullable(),
  at: z.string().nullable(),
});
export type BucketObject = z.infer<typeof BucketObject>;

/** One change of a notification, which may tell several. */
export interface Notified {
  readonly id: string;
  /** `created`, `removed`, `other`; else what the sender wants instead of telling something. `null`: the payload says it. */
  readonly event: string | null;
  readonly payload: Json;
}

const text = z.string().max(2_048);
const Version = {
  versionId: text.nullish(),
  sequencer: text.nullish(),
};
const S3Record = z.object({
  eventName: text,
  eventTime: text.nullish(),
  s3: z.object({
    bucket: z.object({ name: text }),
    object: z.object({ key: text, size: z.number().nullish(), eTag: text.nullish(), ...Version }),
  }),
});
const Records = z.object({ Records: z.array(S3Record).min(1).max(1_000) });
const EventBridge = z.object({
  source: z.literal('aws.s3'),
  'detail-type': text,
  time: text.nullish(),
  detail: z.object({
    bucket: z.object({ name: text }),
    object: z.object({
      key: text,
      size: z.number().nullish(),
      etag: text.nullish(),
      'version-id': text.nullish(),
      sequencer: text.nullish(),
    }),
  }),
});
const Sns = z.object({ Type: text, MessageId: text, Message: z.string() });
const TestEvent = z.object({ Event: z.literal('s3:TestEvent') });

/** @returns `null` if it is none; an empty list if it tells nothing, as the test event of S3 */
export function notifiedBy(payload: Json): readonly Notified[] | null {
  const sns = Sns.safeParse(payload);
  if (sns.success) return notifiedBySns(payload, sns.data);
  if (TestEvent.safeParse(payload).success) return [];
  const records = Records.safeParse(payload);
  if (records.success) return records.data.Records.map(fromRecord).map(notified);
  const bridged = EventBridge.safeParse(payload);
  if (bridged.success) return [notified(fromEventBridge(bridged.data))];
  // as a form made of the payload's schema sends it, for trying out
  const { data: object } = BucketObject.safeParse(payload);
  return object === undefined ? null : [notified(object)];
}

/** A subscription is confirmed by whoever reads its dead letter: the service calls no address a request names. */
function notifiedBySns(payload: Json, sns: z.infer<typeof Sns>): readonly Notified[] | null {
  if (sns.Type !== 'Notification') {
    return [{ id: sns.MessageId, event: `sns.${sns.Type}`, payload }];
  }
  try {
    const message: Json = JSON.parse(sns.Message);
    return notifiedBy(message);
  } catch {
    return null;
  }
}

function fromRecord({ eventName, eventTime, s3 }: z.infer<typeof S3Record>): BucketObject {
  const { key, size, eTag, versionId, sequencer } = s3.object;
  const event = eventName.replace(/^s3:/, '');
  return {
    what: whatOf(event),
    event,
    bucket: s3.bucket.name,
    key: decoded(key),
    sizeBytes: size ?? null,
    eTag: eTag ?? null,
    versionId: versionId ?? null,
    sequencer: sequencer ?? null,
    at: eventTime ?? null,
  };
}

/** Its keys are not encoded. */
function fromEventBridge({ time, detail, ...rest }: z.infer<typeof EventBridge>): BucketObject {
  const { object, bucket } = detail;
  const event = rest['detail-type'].replaceAll(' ', '');
  return {
    what: whatOf(event),
    event,
    bucket: bucket.name,
    key: object.key,
    sizeBytes: object.size ?? null,
    eTag: object.etag ?? null,
    versionId: object['version-id'] ?? null,
    sequencer: object.sequencer ?? null,
    at: time ?? null,
  };
}

function whatOf(event: string): BucketObject['what'] {
  if (event.startsWith('ObjectCreated')) return 'created';
  return /^Object(Removed|Deleted)/.test(event) ? 'removed' : 'other';
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}

/** The same change has the same id, by whichever way and however often it is told. */
function notified(object: BucketObject): Notified {
  const { what, bucket, key, versionId, sequencer, eTag, at } = object;
  const id = [bucket, key, what, versionId ?? '', sequencer ?? eTag ?? at ?? ''].join('\n');
  return { id, event: what, payload: object };
}

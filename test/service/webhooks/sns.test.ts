import { sign } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineBucketTrigger, defineWebhook, onWebhook } from '../../../src/index.ts';
import { createDownload } from '../../../src/service/webhooks/download.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { snsScheme } from '../../../src/webhooks/sns.ts';
import { canonicalText, SnsMessage } from '../../../src/webhooks/sns-message.ts';
import { aCertificate, type Certificate } from '../../support/certificate.ts';
import { type Bench, openBench, order } from './support.ts';

const host = 'sns.eu-central-1.amazonaws.com';
const topic = 'arn:aws:sns:eu-central-1:123456789012:uploads';
const startMs = new ManualClock().nowMs();
const dayMs = 24 * 60 * 60 * 1000;
const fileOf = (digit: string) => `/SimpleNotificationService-${digit.repeat(32)}.pem`;

/** What stands at the host of SNS, by path; a number is a status. */
const served = new Map<string, string | number>();
let asked: string[] = [];
let own: Certificate;
let server: Server;
beforeAll(async () => {
  // TLS looks at the time of the machine, signatures at that of the test
  own = aCertificate(host, Math.min(startMs, Date.now()) - dayMs, Date.now() + 400 * dayMs);
  const key = own.privateKey.export({ type: 'pkcs8', format: 'pem' });
  server = createServer({ key, cert: own.pem }, (request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    asked.push(request.url ?? '');
    const found = served.get(path) ?? 404;
    if (typeof found === 'string') response.end(found);
    else response.writeHead(found, { location: `https://${host}${fileOf('a')}` }).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});
afterAll(() => {
  server.close();
});

const uploads = defineBucketTrigger({
  name: 'uploads',
  topics: [topic],
  workflow: order,
  input: ({ key }, { deliveryId }) => ({ orderId: key, deliveryId: deliveryId.slice(0, 20) }),
});
const news = defineWebhook({
  name: 'news',
  preset: 'sns',
  topics: { env: ['NEWS_TOPIC', 'NEWS_TOPIC_OLD'] },
  events: {
    shipped: onWebhook({
      payload: z.object({ type: z.string(), orderId: z.string() }),
      workflow: order,
      input: ({ orderId }, { deliveryId }) => ({ orderId, deliveryId }),
    }),
  },
});

let bench: Bench;
beforeEach(async () => {
  asked = [];
  served.clear();
  served.set(fileOf('a'), own.pem);
  const { port } = server.address() as AddressInfo;
  bench = await openBench({
    triggers: [uploads, news],
    env: { NEWS_TOPIC: topic },
    download: createDownload({
      port,
      ca: own.pem,
      lookup: (_name, { all }, done) =>
        all === true
          ? done(null, [{ address: '127.0.0.1', family: 4 }])
          : done(null, '127.0.0.1', 4),
    }),
  });
});
afterEach(() => bench.close());

const content = JSON.stringify({ type: 'shipped', orderId: 'o-1' });

type Fields = Readonly<Record<string, string | undefined>>;

/** As SNS signs it; `after` changes what is signed already. */
function message(fields: Fields = {}, after: Fields = {}): object {
  const unsigned = {
    Type: 'Notification',
    MessageId: 'm-1',
    TopicArn: topic,
    Message: content,
    Timestamp: new Date(bench.clock.nowMs()).toISOString(),
    SignatureVersion: '2',
    SigningCertURL: `https://${host}${fileOf('a')}`,
    Signature: '',
    ...fields,
  };
  const text = Buffer.from(canonicalText(SnsMessage.parse(unsigned)));
  const algorithm = unsigned.SignatureVersion === '1' ? 'sha1' : 'sha256';
  const Signature = sign(algorithm, text, own.privateKey).toString('base64');
  return { ...unsigned, Signature, ...after };
}

async function send(body: object, source = 'news', headers: Record<string, string> = {}) {
  const response = await bench.app.inject({
    method: 'POST',
    url: `/webhooks/${source}`,
    headers: { 'content-type': 'text/plain; charset=UTF-8', ...headers },
    payload: JSON.stringify(body),
  });
  await bench.settle();
  return { status: response.statusCode, detail: response.json<{ detail?: string }>().detail };
}

const subscription = {
  Type: 'SubscriptionConfirmation',
  MessageId: 'm-2',
  Message: 'You have chosen to subscribe',
  Token: 'token',
  SubscribeURL: `https://${host}/?Action=ConfirmSubscription&TopicArn=${topic}&Token=token`,
};

describe('messages of Amazon SNS', () => {
  it('have the canonical text that the guide of SNS describes', () => {
    const text = canonicalText(SnsMessage.parse(message({ Subject: 'My subject' })));

    expect(text).toBe(
      `Message\n${content}\nMessageId\nm-1\nSubject\nMy subject\nTimestamp\n${new Date(startMs).toISOString()}\nTopicArn\n${topic}\nType\nNotification\n`,
    );
  });

  it.each(['1', '2'])(
    'are received, signed in version %s, once however often they come',
    async (version) => {
      const signed = message({ SignatureVersion: version, Subject: 'My subject' });

      expect(await send(signed)).toMatchObject({ status: 202 });
      expect(await send(signed)).toMatchObject({ status: 202 });

      expect(await bench.runs()).toMatchObject([{ key: 'webhook:news:m-1' }]);
      expect(asked).toEqual([fileOf('a')]);
    },
  );

  it('start a run of each object a bucket tells of', async () => {
    const record = (key: string) => ({
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: 'b' }, object: { key, sequencer: '1' } },
    });
    const Message = JSON.stringify({ Records: [record('a'), record('b')] });

    expect(await send(message({ Message }), 'uploads')).toMatchObject({ status: 202 });
    expect(await send(message({ MessageId: 'm-9', Message: 'hello' }), 'uploads')).toMatchObject({
      status: 202,
    });

    const { runs } = await bench.orchestrator.list({ limit: 10 });
    expect(runs).toHaveLength(2);
    const { deadLetters } = await bench.client.webhooks.deadLetters({ query: {} });
    expect(deadLetters).toMatchObject([{ deliveryId: 'm-9', payload: 'hello' }]);
  });

  it('F-01: are refused if anything signed was changed, too old, unsigned or of another topic, and nothing is stored', async () => {
    const raw = { 'x-amz-sns-rawdelivery': 'true' };
    const cases: readonly (readonly [object, RegExp, Record<string, string>?])[] = [
      [message({}, { Message: '{}' }), /does not fit/],
      [message({}, { Subject: 'x' }), /does not fit/],
      [message({}, { MessageId: 'm-3' }), /does not fit/],
      [message({}, { Signature: '' }), /does not fit/],
      [message({}, { SignatureVersion: '1' }), /does not fit/],
      [message({ SignatureVersion: '3' }), /neither 1 nor 2/],
      [message({ TopicArn: `${topic}2` }), /not one this source/],
      [JSON.parse(content), /no signed message/],
      [JSON.parse(content), /Raw message/, raw],
      [message({ Timestamp: at(-2 * 3_600_001) }), /2 hours/],
      [message({ Timestamp: at(300_001) }), /ahead/],
      [message({ Timestamp: 'now' }), /no time/],
    ];
    for (const [body, reason, headers] of cases)
      expect(await send(body, 'news', headers)).toMatchObject({
        status: 401,
        detail: expect.stringMatching(reason),
      });
    expect(await bench.store.records('webhook-inbox', { limit: 10 })).toEqual([]);
    expect(await bench.runs()).toEqual([]);
  });

  it('F-01: never ask for a certificate at an address that is not that of SNS in the region of the topic', () => {
    const addresses = [
      `http://${host}${fileOf('a')}`,
      `https://${host}:8443${fileOf('a')}`,
      `https://${host}.evil.example${fileOf('a')}`,
      `https://evil.example${fileOf('a')}`,
      `https://sns.us-east-1.amazonaws.com${fileOf('a')}`,
      `https://sns.eu-central-1.amazonaws.com.cn${fileOf('a')}`,
      `https://${host}@evil.example${fileOf('a')}`,
      `https://user@${host}${fileOf('a')}`,
      `https://${host}${fileOf('a')}?x=1`,
      `https://${host}/other.pem`,
      `https://${host}/x${fileOf('a')}`,
      'not an address',
    ];
    for (const SigningCertURL of addresses) {
      const body = Buffer.from(JSON.stringify(message({ SigningCertURL })));
      const judged = snsScheme.certificateOf({ headers: {}, body }, [Buffer.from(topic)], startMs);
      expect([SigningCertURL, judged]).toMatchObject([
        SigningCertURL,
        { isGenuine: false, reason: expect.stringContaining('SigningCertURL') },
      ]);
    }
  });

  it('F-01: are refused if the certificate is not there, elsewhere, none, ended, not valid yet, or has another key', async () => {
    const certificate = (from: number, until: number, key = own.privateKey) =>
      aCertificate(host, startMs + from * dayMs, startMs + until * dayMs, key).pem;
    const found: readonly (string | number)[] = [
      404,
      302,
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      certificate(-2, -1),
      certificate(1, 2),
      certificate(-1, 1, aCertificate(host, 0, 0).privateKey),
    ];
    for (const [index, one] of found.entries()) {
      const file = fileOf(String(index));
      served.set(file, one);
      const signed = message({ SigningCertURL: `https://${host}${file}` });
      expect(await send(signed)).toMatchObject({ status: 401 });
      expect(await send(signed)).toMatchObject({ status: 401 });
    }
    // once each, and never where a redirect leads
    expect(asked).toEqual(found.map((_one, index) => fileOf(String(index))));
  });

  it('are sent again if the certificate cannot be had, and received then', async () => {
    for (const found of [503, 'x'.repeat(20_000)]) {
      served.set(fileOf('a'), found);
      expect(await send(message())).toMatchObject({ status: 503 });
    }
    served.set(fileOf('a'), own.pem);
    expect(await send(message())).toMatchObject({ status: 202 });

    expect(await bench.runs()).toHaveLength(1);
  });

  it('ask for one certificate once, for made-up ones twenty times a minute, and for the known one again after a day', async () => {
    const known = Array.from({ length: 5 }, (_, index) =>
      send(message({ MessageId: `k-${index}` })),
    );
    await Promise.all(known);
    expect(asked).toEqual([fileOf('a')]);

    const flood = async (letter: string) => {
      const codes: number[] = [];
      for (let index = 0; index < 25; index += 1) {
        const file = `/SimpleNotificationService-${letter}${String(index).padStart(31, '0')}.pem`;
        const signed = message({ SigningCertURL: `https://${host}${file}` });
        codes.push((await send(signed)).status);
      }
      return codes;
    };
    expect(await flood('b')).toEqual([...Array(19).fill(401), ...Array(6).fill(503)]);
    expect(asked).toHaveLength(20);
    expect((await send(message({ MessageId: 'k-9' }))).status).toBe(202);

    await bench.clock.advance(dayMs);
    expect(await flood('c')).toEqual([...Array(20).fill(401), ...Array(5).fill(503)]);
    expect((await send(message({ MessageId: 'k-10' }))).status).toBe(202);
    expect(asked.at(-1)).toBe(fileOf('a'));
  });

  it('confirm a subscription to a topic that is listened to, and no other', async () => {
    served.set('/', '<ConfirmSubscriptionResponse/>');
    const confirmed = await send(message(subscription));
    const others = [
      message({ ...subscription, TopicArn: `${topic}2` }),
      message({ ...subscription, SubscribeURL: 'https://169.254.169.254/latest/meta-data' }),
      message({
        ...subscription,
        SubscribeURL: subscription.SubscribeURL.replace('Confirm', 'Un'),
      }),
      message({
        ...subscription,
        SubscribeURL: subscription.SubscribeURL.replace(':uploads', ':x'),
      }),
      message(subscription, { Token: 'other' }),
    ];

    expect(confirmed.status).toBe(202);
    expect(asked).toEqual([fileOf('a'), subscription.SubscribeURL.replace(`https://${host}`, '')]);
    for (const other of others) expect([400, 401]).toContain((await send(other)).status);
    expect(asked).toHaveLength(2);
    expect((await bench.client.webhooks.deadLetters({ query: {} })).deadLetters).toEqual([]);
  });

  it('are sent again if a subscription could not be confirmed', async () => {
    served.set('/', 500);

    expect((await send(message(subscription))).status).toBe(503);
  });

  it('that end a subscription become a dead letter, without the token that would renew it', async () => {
    const { status } = await send(message({ ...subscription, Type: 'UnsubscribeConfirmation' }));

    const { deadLetters } = await bench.client.webhooks.deadLetters({ query: {} });
    expect(status).toBe(202);
    expect(deadLetters).toMatchObject([
      { event: 'sns.UnsubscribeConfirmation', payload: { TopicArn: topic } },
    ]);
    expect(JSON.stringify(deadLetters)).not.toContain('token');
    expect(asked).toEqual([fileOf('a')]);
  });

  it('can be tried out, and their source tells its topics', async () => {
    const { sources } = await bench.client.webhooks.sources();
    await bench.client.webhooks.test({
      params: { source: 'news' },
      body: { payload: { type: 'shipped', orderId: 'o-7' }, deliveryId: 't-1' },
    });
    const nothing = { sizeBytes: null, eTag: null, versionId: null, sequencer: null, at: null };
    await bench.client.webhooks.test({
      params: { source: 'uploads' },
      body: {
        payload: { what: 'created', event: 'test', bucket: 'b', key: 'scan.pdf', ...nothing },
      },
    });
    await bench.settle();

    expect(sources.filter(({ preset }) => preset === 'sns')).toMatchObject([
      { source: 'uploads', secrets: 1, problem: null },
      { source: 'news', secrets: 1, problem: null },
    ]);
    expect((await bench.runs()).map(({ key }) => String(key)).sort()).toEqual([
      'webhook:news:t-1',
      expect.stringContaining('webhook:uploads:b\nscan.pdf\ncreated'),
    ]);
    expect(asked).toEqual([]);
  });

  it.each<[object, RegExp]>([
    [{ topics: ['arn:aws:sqs:eu-central-1:123456789012:x'] }, /not the ARN of a topic/],
    [{ topics: [] }, /1 to 5 ARNs/],
    [{}, /1 to 5 ARNs/],
    [{ secrets: ['k'.repeat(32)], topics: [topic] }, /secrets/],
  ])('need a topic: %j is refused', (given, problem) => {
    const events = {
      '*': onWebhook({
        payload: z.string(),
        workflow: order,
        input: (text) => ({ orderId: text, deliveryId: '' }),
      }),
    };
    const options = { name: 'x', preset: 'sns', events, ...given };
    expect(() => Reflect.apply(defineWebhook, null, [options])).toThrow(problem);
  });
});

function at(offsetMs: number): string {
  return new Date(startMs + offsetMs).toISOString();
}

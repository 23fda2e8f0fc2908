import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OutcomeUnknownError, PermanentError, TransientError } from '../../src/index.ts';
import { isPrivateAddress, publicLookup } from '../../src/notify/addresses.ts';
import {
  createEmailNotifier,
  createSlackNotifier,
  createWebhookNotifier,
  type Notification,
  toSlackMessage,
} from '../../src/notify/index.ts';
import { type HttpReceiver, startHttpReceiver } from '../support/http-receiver.ts';
import { readableSource } from '../support/mail-source.ts';
import { startSmtpServer } from '../support/smtp-server.ts';

const secret = 'a-secret-of-thirty-two-bytes-or-more';
const notification: Notification = {
  id: 'key-1',
  title: 'Approval needed: PUMP-07B',
  text: 'Likely sensor fault due to outdated firmware.\n\nDo you approve <this> & that?',
  facts: [{ label: 'Action', value: 'Attempt remote firmware update to v2.2.1.' }],
  actions: [
    { label: 'Approve', url: 'https://ops.example.com/decide?token=a&b', style: 'primary' },
    { label: 'Reject', url: 'https://ops.example.com/decide?token=c', style: 'danger' },
  ],
};

let receiver: HttpReceiver;
beforeEach(async () => {
  receiver = await startHttpReceiver();
});
afterEach(() => receiver.close());

function webhook(options: { timeoutMs?: number; url?: string; addresses?: 'public' } = {}) {
  return createWebhookNotifier({
    url: `${receiver.url}/hook`,
    secret,
    addresses: 'any',
    ...options,
  });
}

describe('the webhook notifier', () => {
  it('posts the notification, signed over its bytes, with the delivery id of every attempt', async () => {
    const first = await webhook().notify(notification);
    await webhook().notify(notification);

    const [post, again] = receiver.posts;
    expect(first).toEqual({ channel: 'webhook', deliveryId: 'key-1' });
    expect(JSON.parse(post?.body ?? '')).toEqual(notification);
    expect(post?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-delivery-id': 'key-1',
      'x-signature': `sha256=${createHmac('sha256', secret)
        .update(post?.body ?? '')
        .digest('hex')}`,
    });
    expect(again).toEqual(post);
  });

  it.each([
    [408, TransientError],
    [429, TransientError],
    [500, TransientError],
    [503, TransientError],
    [301, PermanentError],
    [400, PermanentError],
    [401, PermanentError],
    [404, PermanentError],
    [410, PermanentError],
  ] as const)('takes status %i for a %o', async (status, expected) => {
    receiver.behave({ kind: 'answer', status, body: 'no', headers: { location: '/elsewhere' } });

    await expect(webhook().notify(notification)).rejects.toBeInstanceOf(expected);
    expect(receiver.posts).toHaveLength(1);
  });

  it('keeps when to try again', async () => {
    receiver.behave({ kind: 'answer', status: 503, headers: { 'retry-after': '7' } });

    await expect(webhook().notify(notification)).rejects.toMatchObject({ retryAfterMs: 7_000 });
  });

  it('may be tried again when nobody listens', async () => {
    await receiver.close();

    await expect(webhook().notify(notification)).rejects.toBeInstanceOf(TransientError);
  });

  it.each(['drop', 'silence'] as const)(
    'does not know what became of it when the answer is missing: %s',
    async (kind) => {
      receiver.behave({ kind });

      await expect(webhook({ timeoutMs: 100 }).notify(notification)).rejects.toBeInstanceOf(
        OutcomeUnknownError,
      );
      expect(receiver.posts).toHaveLength(1);
    },
  );

  it('names the host alone in errors: the rest of an address may be a secret', async () => {
    receiver.behave({ kind: 'answer', status: 404 });
    const url = `${receiver.url}/services/T0/B0/secret`;

    const error = await webhook({ url }).notify(notification).catch(String);

    expect(error).toContain('127.0.0.1');
    expect(error).not.toContain('secret');
  });

  it('posts to no private address unless it is allowed to', async () => {
    const port = new URL(receiver.url).port;
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433']) {
      const notifier = webhook({ url: `http://${host}:${port}/`, addresses: 'public' });

      await expect(notifier.notify(notification)).rejects.toThrow('is a private address');
    }
    expect(receiver.posts).toEqual([]);
  });

  it.each(['ftp://example.com', 'example.com', 'file:///etc/passwd'])('refuses "%s"', (url) => {
    expect(() => webhook({ url })).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  });

  it('refuses a short secret', () => {
    expect(() => createWebhookNotifier({ url: receiver.url, secret: 'short' })).toThrow(
      expect.objectContaining({ code: 'SECRET_INVALID' }),
    );
  });
});

describe('private addresses', () => {
  it.each([
    '10.1.2.3',
    '100.64.0.1',
    '127.8.8.8',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.1.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:0:10.0.0.1',
    'fd00::1',
    'fe80::1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    '::127.0.0.1',
    '64:ff9b:1::a00:1',
    'fec0::1',
  ])('%s is one', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each(['1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '::ffff:8.8.8.8'])(
    '%s is none',
    (address) => {
      expect(isPrivateAddress(address)).toBe(false);
    },
  );

  it('are found behind a name when it is connected to', async () => {
    const found = await new Promise((resolve) => {
      publicLookup('localhost', {}, resolve);
    });

    expect(found).toBeInstanceOf(PermanentError);
  });
});

describe('the Slack notifier', () => {
  it('posts blocks with the actions as buttons that are links', async () => {
    await createSlackNotifier({ url: receiver.url, addresses: 'any' }).notify(notification);

    expect(JSON.parse(receiver.posts[0]?.body ?? '')).toEqual({
      text: 'Approval needed: PUMP-07B',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: 'Approval needed: PUMP-07B' } },
        {
          type: 'section',
          text: {
            type: 'mrkdwn',
            text: 'Likely sensor fault due to outdated firmware.\n\nDo you approve &lt;this&gt; &amp; that?',
          },
        },
        {
          type: 'section',
          fields: [{ type: 'mrkdwn', text: '*Action*\nAttempt remote firmware update to v2.2.1.' }],
        },
        {
          type: 'actions',
          elements: [
            {
              type: 'button',
              text: { type: 'plain_text', text: 'Approve' },
              url: 'https://ops.example.com/decide?token=a&b',
              action_id: 'action-1',
              style: 'primary',
            },
            {
              type: 'button',
              text: { type: 'plain_text', text: 'Reject' },
              url: 'https://ops.example.com/decide?token=c',
              action_id: 'action-2',
              style: 'danger',
            },
          ],
        },
      ],
    });
  });

  it('keeps the limits of Block Kit', () => {
    const long = 'x'.repeat(5_000);
    const { blocks } = toSlackMessage({ id: 'i', title: long, text: long });

    expect(JSON.stringify(blocks).length).toBeLessThan(3_500);
    expect(blocks).toHaveLength(2);
  });
});

describe('the e-mail notifier', () => {
  const mail = { from: 'signalbox@example.com', to: 'kim@example.com' };

  it('mails text and escaped HTML, with the same Message-ID at every attempt', async () => {
    await using server = await startSmtpServer();
    const notifier = createEmailNotifier({ smtpUrl: server.url, ...mail });

    const delivery = await notifier.notify(notification);
    await notifier.notify(notification);
    await notifier.notify({ ...notification, id: 'key-2' });

    const [first, second, third] = server.mails;
    expect(delivery).toEqual({ channel: 'email', deliveryId: first?.messageId });
    expect(first?.messageId).toMatch(/^<[0-9a-f]{32}@example\.com>$/);
    expect(second?.messageId).toBe(first?.messageId);
    expect(third?.messageId).not.toBe(first?.messageId);
    expect(first).toMatchObject({ from: mail.from, to: [mail.to] });
    expect(first?.source).toContain('Subject: Approval needed: PUMP-07B');
    expect(first?.source).toContain('Do you approve <this> & that?');
    expect(readableSource(first?.source ?? '')).toContain(
      'Do you approve &lt;this&gt; &amp; that?',
    );
  });

  it.each(['kim', 'kim@example.com, eve@example.com', 'kim@example.com\r\nBcc: eve@example.com'])(
    'refuses "%s" as an address',
    (to) => {
      expect(() => createEmailNotifier({ smtpUrl: 'smtp://localhost', ...mail, to })).toThrow(
        expect.objectContaining({ code: 'INPUT_INVALID' }),
      );
    },
  );

  it('refuses a server that is none, without repeating it', () => {
    const make = () => createEmailNotifier({ ...mail, smtpUrl: 'http://user:hunter2@host' });

    expect(make).toThrow('The mail server must be given as smtp:// or smtps://');
  });
});

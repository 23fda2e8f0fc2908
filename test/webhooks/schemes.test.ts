import { Webhook as ReferenceWebhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/webhooks/scheme.ts';
import { type SecretPreset, schemes } from '../../src/webhooks/schemes.ts';

interface Vector {
  readonly preset: SecretPreset;
  readonly secret: string;
  readonly body: string;
  readonly atSeconds: number;
  readonly headers: Readonly<Record<string, string>>;
}

const slackBody =
  'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';

/** As published by those who have made the schemes. */
const vectors: readonly Vector[] = [
  {
    preset: 'standard',
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    body: '{"test": 2432232314}',
    atSeconds: 1_614_265_330,
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
  },
  {
    preset: 'github',
    secret: "It's a Secret to Everybody",
    body: 'Hello, World!',
    atSeconds: 1_700_000_000,
    headers: {
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      'x-hub-signature-256':
        'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    },
  },
  {
    preset: 'slack',
    secret: '8f742231b10e8888abcd99yyyzzz85a5',
    body: slackBody,
    atSeconds: 1_531_420_618,
    headers: {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    },
  },
];

function verify(vector: Vector, change: Partial<Vector> = {}): Verdict {
  const { preset, secret, body, headers, atSeconds } = { ...vector, ...change };
  const scheme = schemes[preset];
  const keys = [scheme.keyOf(secret)];
  return scheme.verify({ headers, body: Buffer.from(body) }, keys, atSeconds * 1000);
}

/** Each scheme on a body of our own; the published ones among them. */
const samples: readonly Vector[] = (Object.keys(schemes) as SecretPreset[]).map((preset) => {
  const secret =
    preset === 'standard' ? `whsec_${Buffer.alloc(32, 7).toString('base64')}` : 'k'.repeat(32);
  const body = '{ "type": "user.created",  "id": "evt_1" }';
  const atSeconds = 1_700_000_000;
  const headers = schemes[preset].sign({
    id: 'msg_1',
    body,
    key: schemes[preset].keyOf(secret),
    nowMs: atSeconds * 1000,
  });
  return { preset, secret, body, atSeconds, headers };
});
/** All but those that send the secret itself and sign nothing. */
const signing = samples.filter(({ preset }) => preset !== 'bearer');
const timed = samples.filter(({ preset }) => ['standard', 'stripe', 'slack'].includes(preset));

describe('signatures of webhooks', () => {
  it.each(vectors)('accepts the published example of $preset, and nothing else', (vector) => {
    expect(verify(vector)).toMatchObject({ isGenuine: true });
    expect(verify(vector, { body: `${vector.body} ` })).toMatchObject({ isGenuine: false });
  });

  it.each(signing)(
    '$preset: accepts what it has signed, whatever blanks the body has (F-06)',
    (sample) => {
      expect(verify(sample)).toMatchObject({ isGenuine: true });
      const again = JSON.stringify(JSON.parse(sample.body));
      expect(verify(sample, { body: again })).toMatchObject({ isGenuine: false });
    },
  );

  it('signs as the reference implementation of Standard Webhooks does', () => {
    const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const nowMs = Date.now();
    const body = '{"ä":1}';
    const headers = schemes.standard.sign({
      id: 'msg_2',
      body,
      key: schemes.standard.keyOf(secret),
      nowMs,
    });

    expect(new ReferenceWebhook(secret).verify(body, { ...headers })).toEqual({ ä: 1 });
    const theirs = new ReferenceWebhook(secret).sign('msg_2', new Date(nowMs), body);
    expect(headers['webhook-signature']).toBe(theirs);
  });

  it.each(samples)(
    'F-01: $preset refuses missing, cut, prolonged, empty and foreign signatures',
    (sample) => {
      const name =
        Object.keys(sample.headers).find((header) => /signature|authorization/.test(header)) ?? '';
      const signature = sample.headers[name] ?? '';
      const foreign = schemes[sample.preset].sign({
        id: 'msg_1',
        body: sample.body,
        key: Buffer.alloc(32, 1),
        nowMs: sample.atSeconds * 1000,
      })[name];
      const wrong = [
        undefined,
        '',
        signature.slice(0, -2),
        `${signature}00`,
        'v1,',
        'sha256=',
        foreign,
      ];
      for (const given of wrong) {
        const headers = { ...sample.headers, [name]: given as string };
        expect(verify(sample, { headers })).toMatchObject({ isGenuine: false });
      }
    },
  );

  it('F-01: accepts one good signature among several, of any secret that is valid now', () => {
    const [sample] = samples.filter(({ preset }) => preset === 'standard');
    if (sample === undefined) throw new Error('No sample');
    const { headers, body, atSeconds } = sample;
    const several = `v1a,xx v1,AAAA ${headers['webhook-signature']} v1,BBBB`;
    expect(verify(sample, { headers: { ...headers, 'webhook-signature': several } })).toMatchObject(
      {
        isGenuine: true,
      },
    );
    const keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 7)];
    const request = { headers, body: Buffer.from(body) };
    const verifyWith = (some: readonly Uint8Array[]) =>
      schemes.standard.verify(request, some, atSeconds * 1000).isGenuine;
    expect([verifyWith(keys), verifyWith(keys.slice(0, 1)), verifyWith([])]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it.each(timed)(
    'F-02: $preset refuses signatures more than five minutes old or ahead',
    (sample) => {
      const after = (seconds: number) =>
        verify(sample, { atSeconds: sample.atSeconds + seconds }).isGenuine;
      expect([after(300), after(301), after(-300), after(-301)]).toEqual([
        true,
        false,
        true,
        false,
      ]);
    },
  );

  it.each(timed)('F-02: $preset notices a time that was changed', (sample) => {
    const later = String(sample.atSeconds + 60);
    const headers = Object.fromEntries(
      Object.entries(sample.headers).map(([name, value]) => [
        name,
        value.replace(String(sample.atSeconds), later),
      ]),
    );
    expect(headers).not.toEqual(sample.headers);
    expect(verify(sample, { headers })).toMatchObject({ isGenuine: false });
  });

  it('refuses secrets too short to be one, and never quotes them', () => {
    for (const preset of Object.keys(schemes) as SecretPreset[]) {
      let message = '';
      try {
        schemes[preset].keyOf('hunter2hunter2');
      } catch (error) {
        message = error instanceof Error ? error.message : '';
      }
      expect(message).toMatch(/\d+ bytes|base64/);
      expect(message).not.toContain('hunter2');
    }
  });
});

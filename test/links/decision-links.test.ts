import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createDecisionLinks, type DecisionLinkRequest } from '../../src/links/index.ts';
import { type Permission, toToken, verifyToken } from '../../src/links/token.ts';
import { parseSecrets } from '../../src/signing.ts';

const secret = 'a-secret-of-thirty-two-bytes-or-more';
const url = 'https://ops.example.com/decide';
const request: DecisionLinkRequest = {
  runId: 'run-1',
  step: 'approval',
  outcome: 'approved',
  actor: 'kim@example.com',
  issuedAtMs: 1_000,
  expiresAtMs: 2_000,
};
const permission: Permission = { ...request, groups: [], shownHash: null };
const [key = new Uint8Array()] = parseSecrets([secret], 'tests');
const token = toToken(permission, key);

describe('the token of a decision link', () => {
  it('says who may decide which review how, signed with HMAC-SHA256 over the payload', () => {
    const [payload = '', signature = ''] = token.split('.');

    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toEqual(permission);
    expect(signature).toBe(
      createHmac('sha256', secret)
        .update(`signalbox decision link 1\n${payload}`)
        .digest('base64url'),
    );
    // 256 bits
    expect(Buffer.from(signature, 'base64url')).toHaveLength(32);
  });

  it('is the same for the same permission, so that a repeated mail is the same mail', () => {
    expect(toToken({ ...permission }, key)).toBe(token);
  });

  it('holds until it expires, and not at that moment any more', () => {
    expect(verifyToken(token, [key], 1_999)).toEqual({ ok: true, permission });
    expect(verifyToken(token, [key], 2_000)).toEqual({ ok: false, reason: 'expired' });
  });

  it('holds under the old secret as long as that is given', () => {
    const [other = new Uint8Array()] = parseSecrets(
      ['another secret, also long enough, I think'],
      'x',
    );

    expect(verifyToken(token, [other, key], 1_500).ok).toBe(true);
    expect(verifyToken(token, [other], 1_500)).toEqual({ ok: false, reason: 'forged' });
  });

  it('is refused when any of its characters is changed', () => {
    const changed = token.split('').map((character, index) => {
      const other = character === 'A' ? 'B' : 'A';
      return token.slice(0, index) + other + token.slice(index + 1);
    });

    const accepted = changed.filter((each) => verifyToken(each, [key], 1_500).ok);

    expect(accepted).toEqual([]);
  });

  it.each(['', '.', 'x', `${token}.`, `${token}=`, `.${token}`, 'a'.repeat(100_000)])(
    'is refused when it is none: %.20s',
    (text) => {
      expect(verifyToken(text, [key], 1_500)).toEqual({ ok: false, reason: 'forged' });
    },
  );

  it('is refused when what was signed says something else than a permission', () => {
    const payload = Buffer.from('{"runId":"run-1"}').toString('base64url');
    const signature = createHmac('sha256', secret)
      .update(`signalbox decision link 1\n${payload}`)
      .digest('base64url');

    expect(verifyToken(`${payload}.${signature}`, [key], 0)).toEqual({
      ok: false,
      reason: 'forged',
    });
  });
});

describe('decision links', () => {
  it('keep the rest of the address and carry the token', () => {
    const links = createDecisionLinks({ secrets: [secret], url: `${url}?lang=en` });

    expect(links.urlOf(request)).toBe(`${url}?lang=en&token=${token}`);
  });

  it('are bound to what the review shows', () => {
    const links = createDecisionLinks({ secrets: [secret], url });
    const tokenOf = (shown: { b: number; a: number }) =>
      new URL(links.urlOf({ ...request, shown })).searchParams.get('token') ?? '';

    expect(verifyToken(tokenOf({ b: 2, a: 1 }), [key], 1_500)).toMatchObject({
      permission: {
        shownHash: '43258cff783fe7036d8a43033f830adfc60ec037382473548ac742b888292777',
      },
    });
    expect(tokenOf({ a: 1, b: 2 })).toBe(tokenOf({ b: 2, a: 1 }));
    expect(tokenOf({ a: 1, b: 3 })).not.toBe(tokenOf({ a: 1, b: 2 }));
  });

  it.each([[[]], [['short']], [[secret, 'x'.repeat(31)]]])(
    'are not made with secrets too short: %j',
    (secrets) => {
      expect(() => createDecisionLinks({ secrets, url })).toThrow(
        expect.objectContaining({ code: 'SECRET_INVALID' }),
      );
    },
  );

  it('do not quote a secret in an error', () => {
    const make = () => createDecisionLinks({ secrets: ['hunter2'], url });

    expect(make).toThrow('Secret 1 of 1 for decision links has 7 bytes; it needs at least 32');
    expect(make).not.toThrow('hunter2');
  });

  it.each(['javascript:alert(1)', 'ops.example.com', ''])('do not lead to "%s"', (url) => {
    expect(() => createDecisionLinks({ secrets: [secret], url })).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    );
  });

  it.each([
    { expiresAtMs: 1_000 },
    { actor: '' },
    { runId: 'x'.repeat(201) },
    { issuedAtMs: Number.NaN },
  ])('are not made for %j', (change) => {
    const links = createDecisionLinks({ secrets: [secret], url });

    expect(() => links.urlOf({ ...request, ...change })).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    );
  });
});

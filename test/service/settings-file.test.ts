import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../src/service/settings-file.ts';

describe('the settings of sign-in', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-settings-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function file(value: unknown): string {
    const path = join(folder, 'settings.json');
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
    return path;
  }

  const problemOf = async (value: unknown, environment = {}) =>
    readSettings(file(value), environment).then(
      () => '',
      (error: unknown) => String(error),
    );

  it('are read from a file, and their secrets from the environment or from files of their own', async () => {
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'of the webhook, and at least 32 bytes long\n');

    const settings = await readSettings(
      file({
        publicUrl: 'https://ops.example.com',
        provider: {
          issuer: 'https://id.example.com',
          clientId: 'x',
          clientSecret: { env: 'CLIENT' },
        },
        roles: { admin: ['platform'], everyone: 'viewer' },
        session: { idle: '30m', absolute: '12h', claims: '1m' },
        proxies: ['127.0.0.1'],
        links: { lifetime: '1d' },
        notices: {
          email: { smtpUrl: { env: 'SMTP' }, from: 'signalbox@example.com' },
          people: { kim: { email: 'kim@example.com', groups: ['sre'] } },
          groups: {
            sre: { webhook: { url: 'https://chat.example.com', secret: { file: secret } } },
          },
        },
      }),
      { CLIENT: 'of the client', SMTP: 'smtps://user:password@mail.example.com' },
    );

    expect(settings).toEqual({
      identity: {
        mode: 'sign-in',
        publicUrl: 'https://ops.example.com',
        provider: {
          issuer: 'https://id.example.com',
          clientId: 'x',
          clientSecret: 'of the client',
        },
        roles: { admin: ['platform'], everyone: 'viewer' },
        session: { idleMs: 1_800_000, absoluteMs: 43_200_000, claimsMs: 60_000 },
      },
      proxies: ['127.0.0.1'],
      links: { lifetimeMs: 86_400_000 },
      notices: {
        email: { smtpUrl: 'smtps://user:password@mail.example.com', from: 'signalbox@example.com' },
        directory: {
          people: { kim: { email: 'kim@example.com', groups: ['sre'] } },
          groups: {
            sre: {
              webhook: {
                url: 'https://chat.example.com',
                secret: 'of the webhook, and at least 32 bytes long',
              },
            },
          },
        },
      },
    });
  });

  it('say what is wrong with them, and where, without a secret', async () => {
    const publicUrl = 'https://ops.example.com';
    const provider = {
      issuer: 'https://id.example.com',
      clientId: 'x',
      clientSecret: 'in the file',
    };

    expect(await problemOf('{')).toContain('it is not JSON');
    expect(await problemOf({})).toContain('publicUrl');
    expect(await problemOf({ publicUrl, session: { idle: 'an hour' } })).toContain('session.idle');
    expect(await problemOf({ publicUrl, role: {} })).toContain('role');
    const quoted = await problemOf({ publicUrl, provider });
    expect(quoted).toContain('provider.clientSecret');
    expect(quoted).not.toContain('in the file');
    expect(
      await problemOf({ publicUrl, provider: { ...provider, clientSecret: { env: 'CLIENT' } } }),
    ).toContain('"CLIENT" is not set');
  });
});

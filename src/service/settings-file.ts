/** The settings of sign-in, links and notices from a file, for `signalbox serve --auth FILE`. */

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { roles } from '../api/route.ts';
import { SignalboxError } from '../errors.ts';
import { parseDuration } from '../plan/duration.ts';
import { issuesText } from '../plan/issues.ts';
import type { AppOptions } from './app.ts';

/** What a secret is read from: it does not stand in the file itself. */
const SecretRef = z.union([
  z.strictObject({ env: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
]);
type SecretRef = z.infer<typeof SecretRef>;
/** An address may hold a secret, or not. */
const Place = z.union([z.string().min(1), SecretRef]);

const Duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== null && ms > 0) return ms;
  context.addIssue(`"${text}" is no duration such as 30m or 12h`);
  return z.NEVER;
});
const Name = z.string().min(1).max(200);
const Names = z.array(Name).max(1_000);
const Address = {
  email: z.string().exactOptional(),
  slack: Place.exactOptional(),
  webhook: z.strictObject({ url: Place, secret: SecretRef }).exactOptional(),
};

const Settings = z.strictObject({
  publicUrl: z.string(),
  provider: z
    .strictObject({
      issuer: z.string(),
      clientId: z.string(),
      clientSecret: SecretRef.exactOptional(),
      name: z.string().exactOptional(),
      scopes: Names.exactOptional(),
      claims: z
        .strictObject({ name: Name.exactOptional(), groups: Name.exactOptional() })
        .exactOptional(),
    })
    .exactOptional(),
  roles: z
    .strictObject({
      viewer: Names.exactOptional(),
      reviewer: Names.exactOptional(),
      operator: Names.exactOptional(),
      admin: Names.exactOptional(),
      everyone: z.enum(roles).exactOptional(),
    })
    .exactOptional(),
  session: z
    .strictObject({
      idle: Duration.exactOptional(),
      absolute: Duration.exactOptional(),
      claims: Duration.exactOptional(),
    })
    .exactOptional(),
  proxies: Names.exactOptional(),
  links: z
    .strictObject({
      secrets: z.array(SecretRef).min(1).max(5).exactOptional(),
      lifetime: Duration.exactOptional(),
    })
    .exactOptional(),
  notices: z
    .strictObject({
      email: z.strictObject({ smtpUrl: Place, from: z.string() }).exactOptional(),
      addresses: z.enum(['public', 'any']).exactOptional(),
      people: z
        .record(Name, z.strictObject({ ...Address, groups: Names.exactOptional() }))
        .exactOptional(),
      groups: z.record(Name, z.strictObject(Address)).exactOptional(),
      unassigned: Names.exactOptional(),
    })
    .exactOptional(),
});
type Settings = z.infer<typeof Settings>;

export type FileSettings = Pick<AppOptions, 'identity' | 'links' | 'notices' | 'proxies'>;

/**
 * @param environment - where secrets named by `{ "env": … }` are taken from
 * @throws SignalboxError `INPUT_INVALID` with the path of what is wrong; it never quotes a secret
 */
export async function readSettings(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<FileSettings> {
  const settings = parse(path, await textOf(path));
  const secret = (ref: SecretRef) => secretOf(ref, environment);
  const place = (given: string | SecretRef) =>
    typeof given === 'string' ? given : secretOf(given, environment);
  const { publicUrl, provider, roles: rules, session, proxies, links, notices } = settings;
  return {
    identity: {
      mode: 'sign-in',
      publicUrl,
      ...(provider === undefined ? {} : { provider: await providerOf(provider, secret) }),
      ...(rules === undefined ? {} : { roles: rules }),
      ...(session === undefined ? {} : { session: sessionOf(session) }),
    },
    ...(proxies === undefined ? {} : { proxies }),
    ...(links === undefined
      ? {}
      : {
          links: {
            ...(links.lifetime === undefined ? {} : { lifetimeMs: links.lifetime }),
            ...(links.secrets === undefined
              ? {}
              : { secrets: await Promise.all(links.secrets.map(secret)) }),
          },
        }),
    ...(notices === undefined ? {} : { notices: await noticesOf(notices, { secret, place }) }),
  };
}

interface Readers {
  readonly secret: (ref: SecretRef) => Promise<string>;
  readonly place: (given: string | SecretRef) => string | Promise<string>;
}

async function noticesOf(
  { email, addresses, people = {}, groups = {}, unassigned }: NonNullable<Settings['notices']>,
  readers: Readers,
) {
  return {
    ...(email === undefined
      ? {}
      : { email: { from: email.from, smtpUrl: await readers.place(email.smtpUrl) } }),
    ...(addresses === undefined ? {} : { addresses }),
    directory: {
      people: await mapValues(people, async ({ groups: of, ...address }) => ({
        ...(await addressOf(address, readers)),
        ...(of === undefined ? {} : { groups: of }),
      })),
      groups: await mapValues(groups, (address) => addressOf(address, readers)),
      ...(unassigned === undefined ? {} : { unassigned }),
    },
  };
}

type GivenAddress = z.infer<z.ZodObject<typeof Address>>;

async function addressOf({ email, slack, webhook }: GivenAddress, { secret, place }: Readers) {
  return {
    ...(email === undefined ? {} : { email }),
    ...(slack === undefined ? {} : { slack: await place(slack) }),
    ...(webhook === undefined
      ? {}
      : { webhook: { url: await place(webhook.url), secret: await secret(webhook.secret) } }),
  };
}

async function mapValues<T, U>(
  values: Readonly<Record<string, T>>,
  change: (value: T) => Promise<U>,
): Promise<Record<string, U>> {
  const changed = Object.entries(values).map(
    async ([name, value]) => [name, await change(value)] as const,
  );
  return Object.fromEntries(await Promise.all(changed));
}

async function providerOf(
  { clientSecret, ...provider }: NonNullable<Settings['provider']>,
  secret: Readers['secret'],
) {
  return clientSecret === undefined
    ? provider
    : { ...provider, clientSecret: await secret(clientSecret) };
}

function sessionOf({ idle, absolute, claims }: NonNullable<Settings['session']>) {
  return {
    ...(idle === undefined ? {} : { idleMs: idle }),
    ...(absolute === undefined ? {} : { absoluteMs: absolute }),
    ...(claims === undefined ? {} : { claimsMs: claims }),
  };
}

function parse(path: string, text: string): Settings {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, 'it is not JSON', cause);
  }
  const parsed = Settings.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(path, issuesText(parsed.error.issues, 'settings'));
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw invalid(path, 'it cannot be read', cause);
  }
}

async function secretOf(
  ref: SecretRef,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  if ('file' in ref) return (await textOf(ref.file)).trim();
  const value = environment[ref.env];
  if (value !== undefined && value !== '') return value;
  throw new SignalboxError('SECRET_INVALID', `The environment variable "${ref.env}" is not set`);
}

function invalid(path: string, why: string, cause?: unknown): SignalboxError {
  return new SignalboxError('INPUT_INVALID', `Settings "${path}": ${why}`, {
    details: { path },
    hint: 'What may stand there: docs/secure.md',
    cause,
  });
}

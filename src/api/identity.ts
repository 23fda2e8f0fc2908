/** Who calls: signing in and out, API tokens, sessions. */
import { z } from 'zod';
import { Cursor } from './parts.ts';
import { roles, route } from './route.ts';

export const Role = z.enum(roles);

/** As it stands in histories: the name by which a person signs in. */
export const ActorName = z.string().trim().min(1).max(200);
export const Groups = z.array(z.string().min(1).max(200)).max(100);

const Person = z.object({
  name: z.string(),
  role: Role,
  groups: z.array(z.string()).readonly(),
  /** Workflows the caller is limited to; `null`: all. */
  workflows: z.array(z.string()).readonly().nullable(),
});

export const Me = z.object({
  /** `development`: everybody on this machine is the administrator `developer`; `sign-in`: nobody is anybody without signing in. */
  mode: z.enum(['development', 'sign-in']),
  /** `null`: not signed in. */
  caller: Person.nullable(),
  via: z.enum(['development', 'token', 'session']).nullable(),
  /** When a session or token ends at the latest; `null`: never, or not signed in. */
  expiresAt: z.iso.datetime().nullable(),
  /** Where a browser goes to sign in, and at whom; `null`: there is no provider, sign in by a token. */
  provider: z.object({ name: z.string(), url: z.string() }).nullable(),
});

export const ApiToken = z.object({
  tokenId: z.string(),
  /** Actor of whatever is done with it. */
  name: z.string(),
  role: Role,
  groups: z.array(z.string()).readonly(),
  workflows: z.array(z.string()).readonly().nullable(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  expiresAt: z.iso.datetime().nullable(),
  /** To the minute; `null`: never. */
  lastUsedAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});

/** The only answer that holds the secret. */
const NewToken = z.object({ token: ApiToken, secret: z.string() });

const Session = z.object({
  sessionId: z.string(),
  name: z.string(),
  role: Role,
  groups: z.array(z.string()).readonly(),
  via: z.enum(['provider', 'token']),
  createdAt: z.iso.datetime(),
  seenAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});

const tokenParams = z.object({ tokenId: z.string().min(1).max(64) });
const sessionParams = z.object({ sessionId: z.string().min(1).max(64) });
const page = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: Cursor.exactOptional(),
});

export const identity = {
  me: route({
    method: 'GET',
    path: '/me',
    summary: 'Who calls, how one signs in',
    role: null,
    answer: Me,
  }),
  signIn: route({
    method: 'POST',
    path: '/session',
    summary: 'Begins a session in a browser with an API token, for services without a provider',
    role: null,
    body: z.strictObject({ token: z.string().min(1).max(200) }),
    answer: Me,
  }),
  signOut: route({
    method: 'POST',
    path: '/session/end',
    summary: 'Ends the session that calls; `url`: where the provider ends its own',
    role: null,
    answer: z.object({ url: z.string().nullable() }),
  }),
  sessions: route({
    method: 'GET',
    path: '/sessions',
    summary: 'Sessions that have not ended',
    role: 'admin',
    query: page,
    answer: z.object({ sessions: z.array(Session).readonly(), cursor: z.string().nullable() }),
  }),
  endSession: route({
    method: 'DELETE',
    path: '/sessions/:sessionId',
    summary: 'Signs somebody out',
    role: 'admin',
    params: sessionParams,
    answer: null,
  }),
};

/** `delegated`: somebody has asked them to decide in their place. */
export const NoticeKind = z.enum(['opened', 'reminder', 'escalated', 'delegated']);
/** `sending`: not taken yet, tried again; `failed`: given up; `over`: the review was closed before. */
export const NoticeStatus = z.enum(['sending', 'sent', 'failed', 'over']);
export type NoticeKind = z.infer<typeof NoticeKind>;
const Notice = z.object({
  id: z.string(),
  runId: z.string(),
  step: z.string(),
  /** Person or group. */
  recipient: z.string(),
  channel: z.string(),
  kind: NoticeKind,
  status: NoticeStatus,
  attempts: z.number(),
  issuedAt: z.iso.datetime(),
  nextAt: z.iso.datetime().nullable(),
  error: z.string().nullable(),
});

export const links = {
  notices: route({
    method: 'GET',
    path: '/notices',
    summary: 'Messages about open reviews: to whom, and whether they were sent',
    role: 'operator',
    query: page.extend({ status: NoticeStatus.exactOptional() }),
    answer: z.object({ notices: z.array(Notice).readonly(), cursor: z.string().nullable() }),
  }),
  retryNotice: route({
    method: 'POST',
    path: '/notices/:noticeId/retry',
    summary: 'Sends a message that was given up once more, if its review is still open',
    role: 'operator',
    params: z.object({ noticeId: z.string().min(1).max(100) }),
    answer: Notice,
  }),
  rotate: route({
    method: 'POST',
    path: '/decision-links/rotate',
    summary:
      'Signs decision links with another secret; those that were sent hold until they expire',
    role: 'admin',
    answer: null,
  }),
};

export const tokens = {
  list: route({
    method: 'GET',
    path: '/tokens',
    summary: 'API tokens, without their secrets',
    role: 'admin',
    query: page,
    answer: z.object({ tokens: z.array(ApiToken).readonly(), cursor: z.string().nullable() }),
  }),
  create: route({
    method: 'POST',
    path: '/tokens',
    summary: 'Makes an API token; its secret is in this answer and nowhere else',
    role: 'admin',
    body: z.strictObject({
      name: ActorName,
      role: Role,
      groups: Groups.exactOptional(),
      workflows: z.array(z.string().min(1).max(200)).min(1).max(100).exactOptional(),
      expiresAt: z.iso.datetime().exactOptional(),
    }),
    answer: NewToken,
    status: 201,
  }),
  rotate: route({
    method: 'POST',
    path: '/tokens/:tokenId/rotate',
    summary: 'Gives a token a new secret; the old one holds until `graceMs` have passed',
    role: 'admin',
    params: tokenParams,
    body: z.strictObject({
      /** Default 0: the old secret ends at once; at most seven days. */
      graceMs: z.number().int().min(0).max(604_800_000).default(0),
    }),
    answer: NewToken,
  }),
  revoke: route({
    method: 'POST',
    path: '/tokens/:tokenId/revoke',
    summary: 'Ends a token, and the sessions begun with it',
    role: 'admin',
    params: tokenParams,
    answer: ApiToken,
  }),
};

/** Sessions of browsers, in the store: under the hash of the secret that their cookie holds. */
import { hash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ActorName, Role } from '../../api/identity.ts';
import type { JsonObject } from '../../plan/json.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import { updateRecord } from '../update-record.ts';

const StoredSession = z.object({
  via: z.enum(['provider', 'token']),
  /** The token it was begun with; it ends with it. */
  tokenId: z.string().nullable(),
  /** Of which secret of the token; it ends with that one, too. */
  tokenHash: z.string().nullable().default(null),
  /** At the provider, which never gives it to another person. */
  subject: z.string().nullable(),
  name: ActorName,
  role: Role,
  groups: z.array(z.string()),
  createdAtMs: z.number(),
  seenAtMs: z.number(),
  expiresAtMs: z.number(),
  /** When the provider last said who this is. */
  claimsAtMs: z.number(),
  /** What the provider is asked with, readable with the cookie alone. */
  sealed: z.string().nullable(),
});

/** `sessionId` is the hash of its secret. */
export type Session = z.infer<typeof StoredSession> & { readonly sessionId: string };
export type SessionStart = Pick<
  Session,
  'via' | 'tokenId' | 'tokenHash' | 'subject' | 'name' | 'role' | 'groups' | 'sealed'
>;

export interface SessionLimits {
  /** Ends when nobody called for so long. */
  readonly idleMs: number;
  /** Ends after so long in any case. */
  readonly absoluteMs: number;
}

export interface Sessions {
  /** @param secret - 256 random bits, see {@link drawSessionSecret} */
  begin(start: SessionStart, secret: string): Promise<Session>;
  /** The session of a cookie, if it has not ended; remembers that it was seen. */
  find(secret: string): Promise<Session | null>;
  /** What the provider says now. `null` if it has ended meanwhile. */
  update(
    sessionId: string,
    claims: Pick<Session, 'name' | 'role' | 'groups' | 'sealed'>,
  ): Promise<Session | null>;
  /** The session that ended, if there was one. */
  end(sessionId: string): Promise<Session | null>;
  endBySecret(secret: string): Promise<Session | null>;
  list(page: {
    readonly cursor?: string;
    readonly limit: number;
  }): Promise<{ readonly sessions: readonly Session[]; readonly cursor: string | null }>;
}

const collection = 'sessions';
const seenGrainMs = 60_000;
const sweepSize = 1_000;

export function drawSessionSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function createSessions(
  parts: {
    readonly store: Pick<Store, 'record' | 'records' | 'saveRecords'>;
    readonly clock: Pick<Clock, 'nowMs'>;
  },
  { idleMs, absoluteMs }: SessionLimits,
): Sessions {
  const { store, clock } = parts;
  const isOver = ({ seenAtMs, expiresAtMs }: Pick<Session, 'seenAtMs' | 'expiresAtMs'>) =>
    clock.nowMs() >= Math.min(expiresAtMs, seenAtMs + idleMs);

  async function change(
    sessionId: string,
    changed: Partial<z.infer<typeof StoredSession>>,
  ): Promise<Session | null> {
    const value = await updateRecord(store, collection, sessionId, (record) =>
      record === null ? undefined : { ...record.value, ...changed },
    );
    return value === null ? null : toSession(sessionId, value);
  }

  async function end(sessionId: string): Promise<Session | null> {
    let ended: JsonObject | null = null;
    await updateRecord(store, collection, sessionId, (record) => {
      ended = record?.value ?? null;
      return null;
    });
    return ended === null ? null : toSession(sessionId, ended);
  }

  /**
   * Those nobody will ask for again, or can read: of a part of all, from an id on, which is as good as drawn. So every one has its turn, however many there are.
   */
  async function sweep(from: string): Promise<void> {
    const later = await store.records(collection, { after: from, limit: sweepSize });
    const limit = sweepSize - later.length;
    const earlier = limit === 0 ? [] : await store.records(collection, { before: from, limit });
    const records = [...later, ...earlier];
    const over = records.filter(({ value }) => {
      const { data } = StoredSession.safeParse(value);
      return data === undefined || isOver(data);
    });
    if (over.length === 0) return;
    await store.saveRecords(
      over.map(({ key, revision }) => ({
        collection,
        key,
        expectedRevision: revision,
        value: null,
      })),
    );
  }

  return {
    async begin(start, secret) {
      const sessionId = idOf(secret);
      // that it could not be done keeps nobody out
      await sweep(sessionId).catch(() => null);
      const nowMs = clock.nowMs();
      const value = StoredSession.parse({
        ...start,
        createdAtMs: nowMs,
        seenAtMs: nowMs,
        claimsAtMs: nowMs,
        expiresAtMs: nowMs + absoluteMs,
      });
      await store.saveRecords([{ collection, key: sessionId, expectedRevision: 0, value }]);
      return toSession(sessionId, value);
    },
    async find(secret) {
      const sessionId = idOf(secret);
      const record = await store.record(collection, sessionId);
      if (record === null) return null;
      const session = toSession(sessionId, record.value);
      if (isOver(session)) return null;
      const nowMs = clock.nowMs();
      return nowMs - session.seenAtMs >= seenGrainMs
        ? change(sessionId, { seenAtMs: nowMs })
        : session;
    },
    update: (sessionId, claims) => change(sessionId, { ...claims, claimsAtMs: clock.nowMs() }),
    end,
    endBySecret: (secret) => end(idOf(secret)),
    async list({ cursor, limit }) {
      const records = await store.records(collection, {
        limit,
        ...(cursor === undefined ? {} : { after: cursor }),
      });
      return {
        sessions: records
          .map(({ key, value }) => toSession(key, value))
          .filter((one) => !isOver(one)),
        cursor: records.length < limit ? null : (records.at(-1)?.key ?? null),
      };
    },
  };
}

function idOf(secret: string): string {
  return hash('sha256', secret, 'hex');
}

function toSession(sessionId: string, value: JsonObject): Session {
  return { sessionId, ...StoredSession.parse(value) };
}

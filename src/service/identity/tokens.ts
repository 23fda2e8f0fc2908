/** API tokens in the store: made, found by their secret, given another secret, ended. */
import { z } from 'zod';
import { ActorName, Groups, Role } from '../../api/identity.ts';
import { SignalboxError } from '../../errors.ts';
import type { JsonObject } from '../../plan/json.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import { updateRecord } from '../update-record.ts';
import { drawToken, formatToken, hashOfSecret, isSecretOf, parseToken } from './api-token.ts';

const StoredToken = z.object({
  name: ActorName,
  role: Role,
  groups: Groups,
  workflows: z.array(z.string()).nullable(),
  /** The newest first; the others hold until `untilMs`. */
  secrets: z.array(z.object({ hash: z.string(), untilMs: z.number().nullable() })),
  createdAtMs: z.number(),
  createdBy: z.string(),
  expiresAtMs: z.number().nullable(),
  lastUsedAtMs: z.number().nullable(),
  revokedAtMs: z.number().nullable(),
});

export type Token = Omit<z.infer<typeof StoredToken>, 'secrets'> & { readonly tokenId: string };

export interface NewToken {
  readonly token: Token;
  /** Not kept anywhere. */
  readonly secret: string;
}

export interface TokenRequest {
  /** Actor of whatever is done with it. */
  readonly name: string;
  readonly role: Token['role'];
  readonly groups?: readonly string[];
  /** Absent: all. */
  readonly workflows?: readonly string[];
  readonly expiresAtMs?: number;
}

export interface Tokens {
  create(request: TokenRequest, by: string): Promise<NewToken>;
  list(page: {
    readonly cursor?: string;
    readonly limit: number;
  }): Promise<{ readonly tokens: readonly Token[]; readonly cursor: string | null }>;
  /** The token of this id, if it and the secret of this hash hold now. */
  get(tokenId: string, hash: string): Promise<Token | null>;
  /** @throws SignalboxError `TOKEN_UNKNOWN`, also for one that was revoked */
  rotate(tokenId: string, graceMs: number): Promise<NewToken>;
  /** Once more changes nothing. @throws SignalboxError `TOKEN_UNKNOWN` */
  revoke(tokenId: string): Promise<Token>;
  /** The token of this text, if it holds now; remembers that it was used. */
  verify(text: string): Promise<Token | null>;
  /** Whether there is an administrator's token that holds now. */
  hasAdmin(): Promise<boolean>;
}

const collection = 'tokens';
/** How exactly the last use is kept. */
const usedGrainMs = 60_000;
const pageSize = 1_000;
/** Compared with if there is no such token, so that both take the same time. */
const nobodysHash = hashOfSecret('');

export function createTokens(parts: {
  readonly store: Pick<Store, 'record' | 'records' | 'saveRecords'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}): Tokens {
  const { store, clock } = parts;

  async function find(tokenId: string) {
    const record = await store.record(collection, tokenId);
    return record === null ? null : StoredToken.parse(record.value);
  }

  async function change(
    tokenId: string,
    changed: (token: z.infer<typeof StoredToken>) => Partial<z.infer<typeof StoredToken>>,
  ): Promise<Token> {
    const value = await updateRecord(store, collection, tokenId, (record) => {
      if (record === null) throw unknown(tokenId);
      const token = StoredToken.parse(record.value);
      return { ...token, ...changed(token) };
    });
    return toToken(tokenId, value);
  }

  async function verify(text: string): Promise<Token | null> {
    const given = parseToken(text);
    const nowMs = clock.nowMs();
    const stored = given === null ? null : await find(given.id);
    const hashes = stored === null ? [] : hashesAt(stored, nowMs);
    const isRight = isSecretOf(given?.secret ?? '', hashes.length === 0 ? [nobodysHash] : hashes);
    if (given === null || stored === null || hashes.length === 0 || !isRight) return null;
    if (!holds(stored, nowMs)) return null;
    if (nowMs - (stored.lastUsedAtMs ?? 0) >= usedGrainMs) {
      // that it could not be noted refuses nobody
      await change(given.id, () => ({ lastUsedAtMs: nowMs })).catch(() => null);
    }
    return toToken(given.id, { ...stored });
  }

  return {
    async create({ name, role, groups = [], workflows, expiresAtMs }, by) {
      const nowMs = clock.nowMs();
      if (expiresAtMs !== undefined && expiresAtMs <= nowMs) {
        throw new SignalboxError('INPUT_INVALID', 'The token would have expired already', {
          details: { expiresAtMs },
        });
      }
      const drawn = drawToken();
      const value = StoredToken.parse({
        name,
        role,
        groups,
        workflows: workflows ?? null,
        secrets: [{ hash: hashOfSecret(drawn.secret), untilMs: null }],
        createdAtMs: nowMs,
        createdBy: by,
        expiresAtMs: expiresAtMs ?? null,
        lastUsedAtMs: null,
        revokedAtMs: null,
      });
      await store.saveRecords([{ collection, key: drawn.id, expectedRevision: 0, value }]);
      return { token: toToken(drawn.id, value), secret: formatToken(drawn) };
    },
    async list({ cursor, limit }) {
      const records = await store.records(collection, {
        limit,
        ...(cursor === undefined ? {} : { after: cursor }),
      });
      return {
        tokens: records.map(({ key, value }) => toToken(key, value)),
        cursor: records.length < limit ? null : (records.at(-1)?.key ?? null),
      };
    },
    async get(tokenId, hash) {
      const stored = await find(tokenId);
      const nowMs = clock.nowMs();
      if (stored === null || !holds(stored, nowMs)) return null;
      return hashesAt(stored, nowMs).includes(hash) ? toToken(tokenId, stored) : null;
    },
    async rotate(tokenId, graceMs) {
      const drawn = drawToken(tokenId);
      const nowMs = clock.nowMs();
      const token = await change(tokenId, ({ revokedAtMs, secrets: [current] }) => {
        if (revokedAtMs !== null) throw unknown(tokenId);
        const before =
          current === undefined || graceMs === 0 ? [] : [{ ...current, untilMs: nowMs + graceMs }];
        return { secrets: [{ hash: hashOfSecret(drawn.secret), untilMs: null }, ...before] };
      });
      return { token, secret: formatToken(drawn) };
    },
    revoke: (tokenId) =>
      change(tokenId, ({ revokedAtMs }) => ({
        revokedAtMs: revokedAtMs ?? clock.nowMs(),
        secrets: [],
      })),
    verify,
    async hasAdmin() {
      for (let after: string | undefined; ; ) {
        const page = await store.records(collection, {
          limit: pageSize,
          ...(after === undefined ? {} : { after }),
        });
        const nowMs = clock.nowMs();
        const tokens = page.map(({ value }) => StoredToken.parse(value));
        if (tokens.some((token) => token.role === 'admin' && holds(token, nowMs))) return true;
        after = page.at(-1)?.key;
        if (page.length < pageSize || after === undefined) return false;
      }
    },
  };
}

/** Of the secrets that hold then. */
function hashesAt(
  { secrets }: Pick<z.infer<typeof StoredToken>, 'secrets'>,
  nowMs: number,
): readonly string[] {
  return secrets
    .filter(({ untilMs }) => untilMs === null || nowMs < untilMs)
    .map(({ hash }) => hash);
}

function holds(
  { expiresAtMs, revokedAtMs }: Pick<Token, 'expiresAtMs' | 'revokedAtMs'>,
  nowMs: number,
): boolean {
  return revokedAtMs === null && (expiresAtMs === null || nowMs < expiresAtMs);
}

function toToken(tokenId: string, value: JsonObject | null): Token {
  const { secrets: _secrets, ...token } = StoredToken.parse(value);
  return { tokenId, ...token };
}

function unknown(tokenId: string): SignalboxError {
  return new SignalboxError('TOKEN_UNKNOWN', `There is no token "${tokenId}" that holds`, {
    details: { tokenId },
    hint: 'The list of tokens names them: signalbox token list',
  });
}

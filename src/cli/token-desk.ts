/** Where API tokens are made and ended: the running service, or, if there is none, the store itself. */
import type { z } from 'zod';
import { systemClock } from '../adapters/system/clock.ts';
import type { ApiToken } from '../api/identity.ts';
import type { Role } from '../api/route.ts';
import { createClient } from '../client/index.ts';
import type { Store } from '../ports/store.ts';
import { createAudit } from '../service/audit/audit.ts';
import { toTokenView } from '../service/identity/serve.ts';
import { createTokens, type NewToken } from '../service/identity/tokens.ts';
import type { FoundService } from './remote/find-service.ts';
import { translated } from './remote/remote-orchestrator.ts';

export type ShownToken = z.input<typeof ApiToken>;

export interface TokenOrder {
  readonly name: string;
  readonly role: Role;
  readonly groups: readonly string[];
  /** Empty: all. */
  readonly workflows: readonly string[];
  readonly expiresAtMs: number | null;
}

export interface TokenDesk {
  create(order: TokenOrder): Promise<{ readonly token: ShownToken; readonly secret: string }>;
  list(): Promise<readonly ShownToken[]>;
  rotate(
    tokenId: string,
    graceMs: number,
  ): Promise<{ readonly token: ShownToken; readonly secret: string }>;
  revoke(tokenId: string): Promise<ShownToken>;
}

const pageSize = 1_000;

export function remoteDesk({ url, token }: Pick<FoundService, 'url' | 'token'>): TokenDesk {
  const { tokens } = createClient({ url, ...(token === undefined ? {} : { token }) });
  return {
    create: ({ name, role, groups, workflows, expiresAtMs }) =>
      translated(
        tokens.create({
          body: {
            name,
            role,
            groups: [...groups],
            ...(workflows.length === 0 ? {} : { workflows: [...workflows] }),
            ...(expiresAtMs === null ? {} : { expiresAt: new Date(expiresAtMs).toISOString() }),
          },
        }),
      ),
    async list() {
      const found: ShownToken[] = [];
      let query: { limit: number; cursor?: string } | null = { limit: pageSize };
      while (query !== null) {
        const page: Awaited<ReturnType<typeof tokens.list>> = await translated(
          tokens.list({ query }),
        );
        found.push(...page.tokens);
        query = page.cursor === null ? null : { limit: pageSize, cursor: page.cursor };
      }
      return found;
    },
    rotate: (tokenId, graceMs) =>
      translated(tokens.rotate({ params: { tokenId }, body: { graceMs } })),
    revoke: (tokenId) => translated(tokens.revoke({ params: { tokenId } })),
  };
}

/** Who can write the store may do everything anyway, so nobody is asked for a role: that is how the first administrator comes about. */
export function localDesk(store: Store, actor: string): TokenDesk {
  const tokens = createTokens({ store, clock: systemClock });
  const audit = createAudit({ store, clock: systemClock });
  const note = (action: string, tokenId: string, details = {}) =>
    audit.record({ name: actor }, action, `token/${tokenId}`, { ...details, by: 'command line' });
  const shown = ({ token, secret }: NewToken) => ({ token: toTokenView(token), secret });
  return {
    async create({ name, role, groups, workflows, expiresAtMs }) {
      const made = await tokens.create(
        {
          name,
          role,
          groups,
          ...(workflows.length === 0 ? {} : { workflows }),
          ...(expiresAtMs === null ? {} : { expiresAtMs }),
        },
        actor,
      );
      await note('token.created', made.token.tokenId, { name, role });
      return shown(made);
    },
    async list() {
      const found: ShownToken[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page = await tokens.list({
          limit: pageSize,
          ...(cursor === '' ? {} : { cursor }),
        });
        found.push(...page.tokens.map(toTokenView));
        cursor = page.cursor;
      }
      return found;
    },
    async rotate(tokenId, graceMs) {
      const made = await tokens.rotate(tokenId, graceMs);
      await note('token.rotated', tokenId, { graceMs });
      return shown(made);
    },
    async revoke(tokenId) {
      const token = await tokens.revoke(tokenId);
      await note('token.revoked', tokenId, { name: token.name });
      return toTokenView(token);
    },
  };
}

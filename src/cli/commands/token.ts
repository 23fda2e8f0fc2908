import { type Command, Option } from 'commander';
import { type Role, roles } from '../../api/route.ts';
import { actorOption, parseLength } from '../arguments.ts';
import type { Cli, Report } from '../cli.ts';
import { printable } from '../escape.ts';
import { findService } from '../remote/find-service.ts';
import { parseStoreLocation } from '../store-location.ts';
import { table } from '../table.ts';
import { localDesk, remoteDesk, type ShownToken, type TokenDesk } from '../token-desk.ts';

interface CreateOptions {
  readonly role: Role;
  readonly group: readonly string[];
  readonly workflow: readonly string[];
  readonly expires?: number;
  readonly actor: string;
}

const list = (one: string, all: readonly string[]) => [...all, one];

export function addToken(program: Command, cli: Cli): void {
  const token = program.command('token').description('API tokens of the service');
  token
    .command('create')
    .description('make a token; its secret is shown once')
    .argument('<name>', 'who acts by it, as it stands in histories')
    .addOption(new Option('--role <role>', 'what it may do').choices(roles).default('viewer'))
    .option('--group <name>', 'for reviews assigned to a group; may be repeated', list, [])
    .option('--workflow <name>', 'limits it to workflows; may be repeated', list, [])
    .option('--expires <duration>', 'such as 90d; default: never', parseLength)
    .addOption(actorOption())
    .action((name: string, { role, group, workflow, expires, actor }: CreateOptions) =>
      withDesk(cli, 'create', actor, async (desk) => {
        const made = await desk.create({
          name,
          role,
          groups: group,
          workflows: workflow,
          expiresAtMs: expires === undefined ? null : Date.now() + expires,
        });
        return newToken(made);
      }),
    );
  token
    .command('list')
    .description('tokens, without their secrets')
    .action(() =>
      withDesk(cli, 'read', '', async (desk) => {
        const tokens = await desk.list();
        return { json: { tokens }, text: toTable(tokens, cli) };
      }),
    );
  token
    .command('rotate')
    .description('give a token another secret, which is shown once')
    .argument('<id>', 'of the token')
    .option('--grace <duration>', 'for how long the old secret holds, at most 7d', parseLength, 0)
    .addOption(actorOption())
    .action((tokenId: string, { grace, actor }: { grace: number; actor: string }) =>
      withDesk(cli, 'write', actor, async (desk) => newToken(await desk.rotate(tokenId, grace))),
    );
  token
    .command('revoke')
    .description('end a token, and the sessions begun with it')
    .argument('<id>', 'of the token')
    .addOption(actorOption())
    .action((tokenId: string, { actor }: { actor: string }) =>
      withDesk(cli, 'write', actor, async (desk) => {
        const revoked = await desk.revoke(tokenId);
        return { json: revoked, text: [`Token ${revoked.tokenId} holds no more`] };
      }),
    );
}

async function withDesk(
  cli: Cli,
  access: 'create' | 'read' | 'write',
  actor: string,
  work: (desk: TokenDesk) => Promise<Report>,
): Promise<void> {
  const { store, url, token } = cli.options;
  const service = await findService(parseStoreLocation(store), { url, token });
  if (service !== null) return cli.report(await cli.orInterrupted(work(remoteDesk(service))));
  await cli.runOnStore(access, (opened) => work(localDesk(opened, actor)));
}

function newToken({
  token,
  secret,
}: {
  readonly token: ShownToken;
  readonly secret: string;
}): Report {
  return {
    json: { token, secret },
    text: [
      `Token ${token.tokenId} of ${printable(token.name)}, ${token.role}`,
      `  ${secret}`,
      'It is not shown again. Send it as "Authorization: Bearer …", or set SIGNALBOX_TOKEN',
    ],
  };
}

function toTable(tokens: readonly ShownToken[], { style }: Cli): readonly string[] {
  const columns = ['TOKEN', 'NAME', 'ROLE', 'GROUPS', 'WORKFLOWS', 'EXPIRES', 'LAST USED', 'STATE'];
  const rows = tokens.map((token) => [
    token.tokenId,
    token.name,
    token.role,
    token.groups.join(' ') || '-',
    token.workflows?.join(' ') ?? 'all',
    token.expiresAt ?? 'never',
    token.lastUsedAt ?? 'never',
    token.revokedAt === null ? 'holds' : 'revoked',
  ]);
  if (rows.length === 0) return ['No tokens'];
  return table(
    columns.map((title) => ({ title })),
    rows,
    (line) => style.bold(line),
  );
}

import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { createClient } from '../../client/index.ts';
import { announceService } from '../../service/address-file.ts';
import { collect } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { createLog } from '../log.ts';
import { distinctTriggers } from '../machines.ts';
import { findService } from '../remote/find-service.ts';
import { addressFileOf, parseStoreLocation } from '../store-location.ts';

interface McpCommand {
  readonly actor: string;
  readonly mayDecide: readonly string[];
}

export function addMcp(program: Command, cli: Cli): void {
  program
    .command('mcp')
    .description(
      'let an assistant work with runs, by the Model Context Protocol on standard input and output',
    )
    .option('--actor <name>', 'the name of the assistant, in the history of runs', 'assistant')
    .option(
      '--may-decide <review>',
      'a review it may decide, as WORKFLOW/STEP, or all of a WORKFLOW; may be repeated',
      collect,
      [],
    )
    .action((options: McpCommand) => serveMcp(cli, options, program.version() ?? ''));
}

async function serveMcp(cli: Cli, options: McpCommand, version: string): Promise<void> {
  const { store, url, token } = cli.options;
  const location = parseStoreLocation(store);
  const found = await findService(location, { url, token });
  if (found !== null) return talk(cli, options, { ...found, version });
  // Nobody has the store open: this process serves it, for commands and for the assistant.
  await cli.serve(async (session) => {
    const instance = randomUUID();
    const { createService } = await import('../../service/index.ts');
    const service = await createService(session.orchestrator, {
      store: session.store,
      logger: createLog(cli.options, process.stderr),
      instance,
      triggers: distinctTriggers(session.machines.triggers),
    });
    let withdraw = async () => {};
    try {
      const address = await service.listen();
      const file = addressFileOf(location);
      if (file !== null) withdraw = await announceService(file, { url: address, instance });
      await talk(cli, options, { url: address, token: undefined, version });
    } finally {
      await withdraw();
      await service.close();
    }
  });
}

/** Until the assistant has gone, or a signal comes. */
async function talk(
  cli: Cli,
  { actor, mayDecide }: McpCommand,
  service: { readonly url: string; readonly token: string | undefined; readonly version: string },
): Promise<void> {
  const client = createClient({
    url: service.url,
    ...(service.token === undefined ? {} : { token: service.token }),
    headers: { 'x-signalbox-actor': encodeURIComponent(actor) },
  });
  // loaded here, since no other command needs them
  const { createMcpServer } = await import('../../mcp/server.ts');
  const { StdioServerTransport } = await import('@modelcontextprotocol/sdk/server/stdio.js');
  const server = createMcpServer({ client, mayDecide, version: service.version });
  const hasGone = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve);
    process.stdin.once('close', resolve);
  });
  await server.connect(new StdioServerTransport());
  await Promise.race([hasGone, cli.interruption.happened]);
  await server.close();
}

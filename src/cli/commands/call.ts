/** Any call of the interface, for what has no command of its own. */
import type { Command } from 'commander';
import { api } from '../../api/api.ts';
import type { Route } from '../../api/route.ts';
import type { Client } from '../../client/index.ts';
import { actorOption } from '../arguments.ts';
import type { Cli, Report } from '../cli.ts';
import { toJsonText } from '../escape.ts';
import { readJson } from '../json-argument.ts';
import { withService } from '../remote/with-service.ts';
import { table } from '../table.ts';
import { UsageError } from '../usage-error.ts';

interface Given {
  readonly body?: string;
  readonly actor: string;
}

interface Request {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** By `topic.name`; streams are left out, as they do not end. */
const calls: ReadonlyMap<string, Route> = new Map(
  Object.entries(api).flatMap(([topic, routes]) =>
    Object.entries<Route>(routes)
      .filter(([, { media }]) => media !== 'text/event-stream')
      .map(([name, route]) => [`${topic}.${name}`, route] as const),
  ),
);

export function addCall(program: Command, cli: Cli): void {
  program
    .command('call')
    .description('make a call of the HTTP interface; without a name, list the calls there are')
    .argument('[call]', 'as endpoints.test')
    .argument('[values...]', 'of its path and query, as name=value')
    .option('--body <json>', 'a file, - for standard input, or JSON')
    .addOption(actorOption())
    .action(async (name: string | undefined, values: readonly string[], given: Given) => {
      if (name === undefined) return cli.report(listOf(cli));
      const route = calls.get(name);
      if (route === undefined)
        throw new UsageError(`There is no call "${name}"`, '"signalbox call" lists them');
      const request = await requestOf(route, values, given.body);
      await withService(cli, given.actor, async (client) => {
        const answer = await functionOf(client, name)(request);
        const text = typeof answer === 'string' ? answer : toJsonText(answer ?? null);
        return { json: answer ?? null, text: [text] };
      });
    });
}

function listOf({ style }: Cli): Report {
  const rows = [...calls].map(([name, { role, summary }]) => [name, role ?? '-', summary]);
  const columns = ['CALL', 'ROLE', 'DOES'].map((title) => ({ title }));
  return {
    json: {
      calls: [...calls].map(([name, { method, path, role, summary }]) => ({
        name,
        method,
        path,
        role,
        summary,
      })),
    },
    text: table(columns, rows, style.dim),
  };
}

async function requestOf(
  route: Route,
  values: readonly string[],
  body: string | undefined,
): Promise<Request> {
  const inPath = Object.keys(route.params?.shape ?? {});
  const inQuery = Object.keys(route.query?.shape ?? {});
  const pairs = values.map((pair): readonly [string, string] => {
    const at = pair.indexOf('=');
    const name = pair.slice(0, Math.max(at, 0));
    if ([...inPath, ...inQuery].includes(name)) return [name, pair.slice(at + 1)];
    const known = [...inPath, ...inQuery].map((one) => `${one}=…`).join(', ') || 'none';
    throw new UsageError(`"${pair}" is no value of this call`, `It takes: ${known}`);
  });
  const missing = inPath.filter((name) => !pairs.some(([given]) => given === name));
  if (missing.length > 0)
    throw new UsageError(`Nothing says ${missing.join(', ')}`, `Add ${missing[0]}=…`);
  const those = (names: readonly string[]) =>
    Object.fromEntries(pairs.filter(([name]) => names.includes(name)));
  return {
    params: those(inPath),
    query: those(inQuery),
    ...(route.body === undefined
      ? {}
      : { body: body === undefined ? {} : await readJson('--body', body, process.stdin) }),
  };
}

/** The contract has the name; that the client has it too is what it is derived from. */
function functionOf(client: Client, name: string): (request: Request) => Promise<unknown> {
  const [topic = '', call = ''] = name.split('.');
  const topics: Readonly<Record<string, object>> = client;
  const functions = topics[topic] as Readonly<
    Record<string, (request: Request) => Promise<unknown>>
  >;
  const found = functions[call];
  if (found === undefined) throw new UsageError(`There is no call "${name}"`);
  return found;
}

/** Runs one benchmark: `npm run -s bench -- <name> [options]`. Prints a table, or with `--json` exactly one JSON document. */
import { parseArgs } from 'node:util';
import { type StoreKind, storeKinds } from './support/store-kinds.ts';

const usage = `Usage: npm run -s bench -- <name> [options]

hello-seq3   three durable steps next to a bare loop that appends to a file
  --store sqlite|lowdb|memory   default sqlite
  --inflight <n>                runs under way at the same time, default 64
  --runs <n>                    runs of each round, default 3000
growth       what a step costs in longer and wider workflows, what opening costs with finished runs in the store
  --store sqlite|lowdb|memory   of the workflows, default sqlite
  --steps <n>                   steps of each row and round, default 10000
  --finished <n,n,…>            finished runs in the stores that are opened, default 0,10000,100000
modes        durable against fast durability
  --inflight <n>, --runs <n>    as for hello-seq3
check        how long the proofs take, by size and shape of the workflow
  --steps <n>                   leave out workflows with more steps, default 10000
paths        how many paths take every transition, by size and shape of the workflow, and how long finding them takes
  --steps <n>                   leave out workflows with more steps, default 10000
list-runs    pages of the list of runs over HTTP, by every filter, on sqlite
  --listed <n,n,…>              runs in the stores, default 1000,100000
credential-verification   records verified by a plain script, and by the workflow, against slow platforms
  --store sqlite|lowdb|memory   default sqlite
  --inflight <n>                default 64
  --records <n>                 default 40
  --latency <ms>                of each answer, default 50
all
  --rounds <n>                  measured rounds, of which the median counts, default 5
  --folder <path>               where to write; default node_modules/.cache
  --json                        one JSON document instead of a table
`;

interface Report {
  readonly json: object;
  readonly table: readonly (readonly string[])[];
}

function read() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      store: { type: 'string', default: 'sqlite' },
      inflight: { type: 'string', default: '64' },
      runs: { type: 'string', default: '3000' },
      steps: { type: 'string', default: '10000' },
      records: { type: 'string', default: '40' },
      latency: { type: 'string', default: '50' },
      finished: { type: 'string', default: '0,10000,100000' },
      listed: { type: 'string', default: '1000,100000' },
      rounds: { type: 'string', default: '5' },
      folder: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const [name] = positionals;
  if (name === undefined || positionals.length > 1) throw new TypeError('Name one benchmark');
  const { json, folder } = values;
  return {
    name,
    json,
    folder,
    store: storeOf(values.store),
    inflight: count('inflight', values.inflight, 1),
    runs: count('runs', values.runs, 1),
    steps: count('steps', values.steps, 1),
    records: count('records', values.records, 1),
    latencyMs: count('latency', values.latency, 0),
    finished: values.finished.split(',').map((text) => count('finished', text, 0)),
    listed: values.listed.split(',').map((text) => count('listed', text, 1)),
    rounds: count('rounds', values.rounds, 1),
  };
}

function count(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw new TypeError(
    `--${option} is ${JSON.stringify(text)}; expected a whole number from ${least}`,
  );
}

function storeOf(name: string): StoreKind {
  const found = storeKinds.find((kind) => kind === name);
  if (found !== undefined) return found;
  throw new TypeError(`--store is "${name}"; expected one of ${storeKinds.join(', ')}`);
}

async function measure({ name, ...options }: ReturnType<typeof read>): Promise<Report> {
  switch (name) {
    case 'hello-seq3': {
      const { helloSeq3Benchmark, helloSeq3Table } = await import('./hello-seq3.ts');
      const json = await helloSeq3Benchmark(options);
      return { json, table: helloSeq3Table(json) };
    }
    case 'growth': {
      const { growthBenchmark, growthTable } = await import('./growth.ts');
      const json = await growthBenchmark(options);
      return { json, table: growthTable(json) };
    }
    case 'list-runs': {
      const { listBenchmark, listTable } = await import('./list-runs.ts');
      const json = await listBenchmark(options);
      return { json, table: listTable(json) };
    }
    case 'modes': {
      const { modesBenchmark, modesTable } = await import('./modes.ts');
      const json = await modesBenchmark(options);
      return { json, table: modesTable(json) };
    }
    case 'check': {
      const { checkBenchmark, checkTable } = await import('./check.ts');
      const json = checkBenchmark(options);
      return { json, table: checkTable(json) };
    }
    case 'paths': {
      const { pathsBenchmark, pathsTable } = await import('./paths.ts');
      const json = pathsBenchmark(options);
      return { json, table: pathsTable(json) };
    }
    case 'credential-verification': {
      const { credentialBenchmark, credentialTable } = await import('./credential-verification.ts');
      const json = await credentialBenchmark(options);
      return { json, table: credentialTable(json) };
    }
    default:
      throw new TypeError(`There is no benchmark "${name}"`);
  }
}

function aligned(table: readonly (readonly string[])[]): string {
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => (row[column] ?? '').length)),
  );
  return table
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

try {
  const options = read();
  const report = await measure(options);
  console.log(options.json ? JSON.stringify(report.json) : aligned(report.table));
} catch (error) {
  // anything else is a defect and ends with its stack
  if (!(error instanceof TypeError)) throw error;
  console.error(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}

/**
 * Records the runs of `test/replay/scenarios.ts` as this version writes them: `node scripts/record-golden.ts [RELEASE]`. What is recorded is
 * never recorded again.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLowdbStore } from '../src/adapters/lowdb/index.ts';
import { openSqliteStore } from '../src/adapters/sqlite/index.ts';
import { exportOf, readDirectory, recordings } from '../test/replay/golden.ts';
import { record } from '../test/replay/recording.ts';

const manifest = new URL('../package.json', import.meta.url);
const release = process.argv[2] ?? String(JSON.parse(readFileSync(manifest, 'utf8')).version);
const folder = join(recordings, release);
if (existsSync(folder)) {
  process.stderr.write(`"${folder}" is there already; a recording is never changed\n`);
  process.exit(1);
}

const place = mkdtempSync(join(tmpdir(), 'signalbox-golden-'));
const lowdb = await openLowdbStore(join(place, 'runs'));
await record(lowdb);
await lowdb.close();
const sqlite = await openSqliteStore(join(place, 'runs.db'));
await record(sqlite);
const exported = await exportOf(sqlite);
await sqlite.close();

mkdirSync(folder, { recursive: true });
write('lowdb.json', readDirectory(join(place, 'runs')));
write('sqlite-export.json', exported);
rmSync(place, { recursive: true, force: true });

function write(name: string, content: unknown): void {
  writeFileSync(join(folder, name), `${JSON.stringify(content, null, 1)}\n`);
  process.stdout.write(`${join(folder, name)}\n`);
}

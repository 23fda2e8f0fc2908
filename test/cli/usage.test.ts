import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/adapters/sqlite/index.ts';
import { begun, seed } from './support/seed.ts';
import { useTown } from './support/signalbox.ts';

const town = useTown();

describe('a command that is typed wrongly', () => {
  it.each([
    [['fly'], "unknown command 'fly'"],
    [['run'], "missing required argument 'workflow'"],
    [['runs', '--limit', '0'], 'It must be a whole number from 1'],
    [['runs', '--status', 'done'], 'Allowed choices are pending, processing'],
    [['runs', '--store', 'redis:x'], 'Stores are lowdb:DIRECTORY, sqlite:FILE and memory:'],
    [['run', 'key', '--input', 'nofile.json'], 'there is no file "nofile.json"'],
    [['review', 'r', 's', '--approve', '--reject'], "cannot be used with option '--reject'"],
    [['review', 'r', 's'], 'this is not a terminal'],
  ])('exits with 2: %j', async (args, message) => {
    const { code, stdout, stderr } = await town.run(...args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });

  it('says so in one document with --json', async () => {
    const { code, document, stderr } = await town.ask('prune');

    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(document).toEqual({
      error: {
        code: 'USAGE',
        message: "required option '--finished-before <when>' not specified",
        hint: 'Say "signalbox --help" or "signalbox COMMAND --help" for the usage',
      },
    });
  });
});

describe('an error', () => {
  it('about an unknown workflow lists the known ones', async () => {
    const { code, document } = await town.ask('run', 'market', '--store', 'memory:');

    expect(code).toBe(1);
    expect(document.error).toEqual({
      code: 'WORKFLOW_UNKNOWN',
      message: expect.stringMatching(/No workflow "market".*: delivery, key, nap, payment, phone/),
      hint: 'Name the folder or module of your workflows with --machines',
    });
  });

  it('about a module that Node does not load says how it would', async () => {
    const files = [
      ['raw/old/package.json', '{ "type": "commonjs" }'],
      ['raw/old/workflow.ts', 'import "node:fs";\nexport const a: number = 1;'],
      ['raw/compiled/package.json', '{ "type": "module" }'],
      ['raw/compiled/tasks.ts', ''],
      ['raw/compiled/workflow.ts', 'import "./tasks.js";'],
      ['raw/enums/workflow.ts', 'enum Colour { Red }'],
    ] as const;
    for (const [name, text] of files) {
      await mkdir(dirname(town.path(name)), { recursive: true });
      await writeFile(town.path(name), text);
    }

    const { code, document } = await town.ask('workflows', '--machines', town.path('raw'));

    expect(code).toBe(1);
    expect(document.problems).toEqual([
      { module: 'raw/compiled/workflow.ts', message: expect.stringContaining('with .ts') },
      { module: 'raw/enums/workflow.ts', message: expect.stringContaining('name the JavaScript') },
      { module: 'raw/old/workflow.ts', message: expect.stringContaining('type=module') },
    ]);
  });

  it('about a folder whose modules lie in it by themselves says how to name them', async () => {
    await mkdir(town.path('flat'), { recursive: true });
    await writeFile(town.path('flat/order.ts'), 'export const a = 1;');

    const { document } = await town.ask('check', 'order', '--machines', town.path('flat'));

    expect(document.error).toMatchObject({
      code: 'WORKFLOW_UNKNOWN',
      message: expect.stringContaining(
        'no folder with a workflow.ts, only order.ts. Name a module',
      ),
    });
  });

  it('has details with --verbose, and no stack', async () => {
    const runId = await seed(openSqliteStore(town.path('t.db')), (orchestrator) =>
      begun(orchestrator, 'delivery', {}),
    );
    const args = ['signal', runId, 'parcel.arrived', '--payload', '{}', '--store', 'sqlite:t.db'];

    const brief = await town.run(...args);
    const verbose = await town.run(...args, '--verbose');

    expect(brief.stderr).toMatch(/^Payload of signal "parcel.arrived": grams: [^\n]*\n$/);
    expect(verbose.stderr).toContain('INPUT_INVALID {');
    expect(verbose.stderr).not.toContain('    at ');
  });
});

it('help and version go to standard output', async () => {
  const help = await town.run('review', '--help');
  const version = await town.run('--version');

  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toContain('--did-not-happen');
  expect(help.stdout).toContain('--store <place>');
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

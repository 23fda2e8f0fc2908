import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { oneDocument, useTown } from './support/signalbox.ts';

const town = useTown();
const store = ['--store', 'sqlite:town.db'];

describe('a signal', () => {
  it('ends work --watch in an orderly way', async () => {
    const { child, says, ended } = town.start(['work', '--watch', ...store]);
    await says('Working until stopped');
    child.kill('SIGTERM');

    const { code, stdout } = await ended;

    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Stopped; 0 runs were moved\n' });
  });

  it('ends a run under way, which another process can take up', async () => {
    const deeds = town.path('deeds');
    const input = ['--input', JSON.stringify({ file: deeds })];
    const { child, ended } = town.start(['run', 'roadworks', ...input, '--json', ...store]);
    while (!existsSync(deeds)) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');

    const { code, stdout } = await ended;
    const { document } = await town.ask('runs', ...store);
    const cancelled = await town.ask('cancel', document.runs[0].runId, '--abort', ...store);

    expect(code).toBe(130);
    expect(oneDocument(stdout).error.code).toBe('INTERRUPTED');
    expect(document.runs).toMatchObject([{ status: 'processing', waitingOn: [{ step: 'dig' }] }]);
    expect(cancelled.document.status).toBe('cancelled');
  });
});

it('a reader that has seen enough ends the command quietly', async () => {
  const { child, ended } = town.start(['--help']);
  child.stdout.destroy();

  const { stderr } = await ended;

  expect(stderr).toBe('');
});

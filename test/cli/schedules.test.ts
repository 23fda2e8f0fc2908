import { fileURLToPath } from 'node:url';
import { Client as McpClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect, it } from 'vitest';
import { townMachines, useTown } from './support/signalbox.ts';

const town = useTown();
const store = ['--store', 'lowdb:runs'];
const program = fileURLToPath(new URL('../../bin/signalbox.js', import.meta.url));

it('an assistant is served by a process of its own, which commands about schedules then talk to', async () => {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [program, 'mcp', '--store', `lowdb:${town.path('runs')}`, '--machines', townMachines],
    stderr: 'ignore',
  });
  const assistant = new McpClient({ name: 'test', version: '1' });
  await assistant.connect(transport);

  const { content } = await assistant.callTool({ name: 'list_workflows', arguments: {} });
  const [alone, created, previewed] = await Promise.all([
    town.run('schedules', '--store', 'lowdb:other'),
    town.run(
      ...'schedule create nightly --time-zone Europe/Berlin --workflow stall --cron'.split(' '),
      '30 2 * * *',
      '--input',
      '{"wish":"fish"}',
      ...'--overlap queue --catch-up 3 --jitter 90s --dst-gap skip --description Market'.split(' '),
      ...store,
    ),
    town.run('schedule', 'preview', '--cron', '0 0 31 2 *', ...store),
  ]);
  const paused = await town.run('schedule', 'pause', 'nightly', '--reason', 'month end', ...store);
  const [listed, { stdout: shown }] = await Promise.all([
    town.run('schedules', ...store),
    town.run('schedule', 'show', 'nightly', '--json', ...store),
  ]);
  await assistant.close();

  expect(alone).toMatchObject({ code: 1, stderr: expect.stringContaining('signalbox serve') });
  expect(JSON.stringify(content)).toContain('stall');
  expect(created.stdout).toMatch(/Schedule nightly: 30 2 \* \* \* in Europe\/Berlin, starts stall/);
  expect(previewed).toMatchObject({ code: 1, stderr: expect.stringContaining('never comes') });
  expect(JSON.parse(shown)).toMatchObject({
    overlap: 'queue',
    catchUp: 3,
    jitterMs: 90_000,
    dst: { gap: 'skip', repeat: 'once' },
    description: 'Market',
  });
  expect(paused.stdout).toBe('Schedule nightly is paused\n');
  expect(listed.stdout).toMatch(/nightly +30 2 \* \* \* +Europe\/Berlin +stall +paused by bob/);
});

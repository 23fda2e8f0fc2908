import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { useTown } from './support/signalbox.ts';

const town = useTown();
const store = ['--store', 'lowdb:runs'];

/** What a run is called and when it happened differs; the rest must not. */
function withoutChance(text: string): string {
  return text
    .replaceAll(/\b[0-9a-z]{9}-[0-9a-f]{20}\b/g, 'RUN')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)/g, 'TIME')
    .replaceAll(/lowdb:\w+/g, 'STORE');
}

async function firstLine(stdout: NodeJS.ReadableStream): Promise<string> {
  for await (const chunk of stdout) return String(chunk);
  return '';
}

it('commands work on a store while it is served, with the same output, and after it again', async () => {
  const serving = town.start(['serve', '--port', '0', ...store]);
  const printed = await firstLine(serving.child.stdout);
  const commands = [
    ['run', 'stall', '--input', '{"wish":"fish"}', '--key', 'k'],
    ['review', 'RUN', 'permit', '--reject', '--comment', 'no fish'],
  ];

  const outputs = new Map<string, string[]>();
  for (const place of ['lowdb:runs', 'lowdb:other']) {
    let runId = '';
    const texts: string[] = [];
    for (const words of commands) {
      const args = words.map((word) => (word === 'RUN' ? runId : word));
      const { code, stdout, stderr } = await town.run(...args, '--store', place);
      runId ||= /Run (\S+)/.exec(stdout)?.[1] ?? '';
      texts.push(withoutChance(`${code}\n${stdout}${stderr}`));
    }
    outputs.set(place, texts);
  }
  const second = await town.run('serve', '--port', '0', ...store);
  serving.child.kill('SIGTERM');
  const { code } = await serving.ended;
  const { document } = await town.ask('runs', ...store);

  expect(printed).toMatch(/^Signalbox serves lowdb:runs at http:\/\/127\.0\.0\.1:\d+\n/);
  expect(outputs.get('lowdb:runs')).toEqual(outputs.get('lowdb:other'));
  expect(second).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is served already at'),
  });
  expect({ code, isWithdrawn: !existsSync(town.path('runs/service.json')) }).toEqual({
    code: 0,
    isWithdrawn: true,
  });
  expect(document.runs).toMatchObject([{ workflow: 'stall', status: 'complete', key: 'k' }]);
});

it('says which port is taken, and which service does not answer', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };

  const [serving, asking] = await Promise.all([
    town.run('serve', '--port', String(port), ...store),
    town.run('run', 'stall', '--url', 'http://127.0.0.1:1', '--verbose'),
  ]);
  taken.close();

  expect(serving.stderr).toContain(`Port ${port} of "127.0.0.1" is in use`);
  expect(asking.stderr).toContain('No Signalbox service answers at "http://127.0.0.1:1"');
  expect([serving.code, asking.code]).toEqual([1, 1]);
});

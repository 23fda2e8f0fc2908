import { existsSync, writeFileSync } from 'node:fs';
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
  const serving = town.start(['serve', '--port', '0', '--base-path', '/ops', ...store]);
  const printed = await firstLine(serving.child.stdout);
  const commands = [
    ['run', 'stall', '--input', '{"wish":"fish"}', '--key', 'k'],
    ['review', 'RUN', 'permit', '--reject', '--comment', 'no fish'],
  ];

  const outputs = new Map<string, string[]>();
  const runIds: string[] = [];
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
    runIds.push(runId);
  }
  const selected = ['--workflow', 'stall', ...store];
  const endpoint = '{"url":"https://example.com/hook","events":["run.failed"]}';
  const [dry, incidents, health, called, misspelt, packed] = await Promise.all([
    town.ask('batch', 'start', 'retry', '--dry-run', ...selected),
    town.run('incidents', ...store),
    town.run('health', ...store),
    town.ask('call', 'endpoints.create', '--body', endpoint, ...store),
    town.run('call', 'endpoints.test', 'id=ep-1', ...store),
    town.run('audit', 'pack', runIds[0] ?? '', '--output', 'pack.json', ...store),
  ]);
  const copied = await town.run('export', '--backup', 'copy', ...store);
  const onCopy = await town.run(
    'run',
    'stall',
    '--input',
    '{"wish":"nets"}',
    '--store',
    'lowdb:copy',
  );
  const second = await town.run('serve', '--port', '0', ...store);
  serving.child.kill('SIGTERM');
  const { code } = await serving.ended;
  const { document } = await town.ask('runs', ...store);

  const proven = await town.run('audit', 'verify-pack', 'pack.json');

  expect([packed.code, proven.code]).toEqual([0, 0]);
  expect(proven.stdout).toMatch(/entries, chain sound, head [0-9a-f]{64}\n$/);
  expect(printed).toMatch(/^Signalbox serves lowdb:runs at http:\/\/127\.0\.0\.1:\d+\/ops\n/);
  expect(outputs.get('lowdb:runs')).toEqual(outputs.get('lowdb:other'));
  expect(dry.document).toMatchObject({
    matching: 1,
    accepted: 0,
    refused: [{ why: 'is complete, not failed', count: 1 }],
  });
  expect(incidents).toMatchObject({ code: 0, stdout: 'No incidents\n' });
  expect(called.document).toMatchObject({ secret: expect.stringMatching(/^whsec_/) });
  expect(misspelt).toMatchObject({ code: 2, stderr: expect.stringContaining('endpointId=…') });
  expect(health).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ok\n/) });
  expect([copied.code, onCopy.code]).toEqual([0, 0]);
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

it('asks for sign-in where its settings say so, and refuses other machines where they do not', async () => {
  writeFileSync(town.path('auth.json'), JSON.stringify({ publicUrl: 'http://localhost:4400' }));

  const open = await town.run('serve', '--host', '0.0.0.0', '--port', '0', ...store);
  const locked = await town.run('serve', '--auth', 'auth.json', '--port', '0', ...store);
  const made = await town.run('token', 'create', 'kim', '--role', 'admin', ...store);
  const token = /sbx_\S+/.exec(made.stdout)?.[0] ?? '';
  const serving = town.start(['serve', '--auth', 'auth.json', '--port', '0', ...store]);
  const url = /http:\S+/.exec(await firstLine(serving.child.stdout))?.[0] ?? '';
  const [anybody, kim] = await Promise.all(
    [{}, { authorization: `Bearer ${token}` }].map((headers) =>
      fetch(`${url}/api/v1/tokens`, { headers }),
    ),
  );
  serving.child.kill('SIGTERM');
  await serving.ended;

  expect(open.stderr).toContain('does not listen on "0.0.0.0" without sign-in');
  expect(locked.stderr).toContain('token create NAME --role admin');
  expect([open.code, locked.code]).toEqual([1, 1]);
  expect([anybody?.status, kim?.status]).toEqual([401, 200]);
  expect(await kim?.json()).toMatchObject({ tokens: [{ name: 'kim', role: 'admin' }] });
});

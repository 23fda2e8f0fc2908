import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { schemes } from '../../src/webhooks/schemes.ts';
import { eventually } from '../support/eventually.ts';
import { useTown } from './support/signalbox.ts';

const town = useTown();
const library = new URL('../../src/index.ts', import.meta.url).href;

const packages = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** A workflow that asks before it greets; the greeting comes from another module. */
function write({ version, steps }: { version: number; steps: string }, greeting: string): void {
  const folder = town.path('machines/greeting');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'words.ts'), `export const words: string = '${greeting}';\n`);
  writeFileSync(
    join(folder, 'workflow.ts'),
    `import { z } from 'zod';
import { defineTask, defineWorkflow } from '${library}';
import { words } from './words.ts';
const greet = defineTask({
  name: 'greet', input: z.object({}), output: z.string(), compensate: 'none',
  async run() { return words; },
});
export const greeting = defineWorkflow({
  name: 'greeting', version: ${version}, input: z.object({}),
  steps(w) { ${steps} },
});
`,
  );
}

/** A webhook beside it. */
function writeTrigger(names: readonly string[], secret: string): void {
  writeFileSync(
    town.path('machines/greeting/triggers.ts'),
    `import { z } from 'zod';
import { defineWebhook, onWebhook } from '${library}';
import { greeting } from './workflow.ts';
${names
  .map(
    (name) => `export const ${name} = defineWebhook({
  name: '${name}', preset: 'generic', secrets: ['${secret}'],
  events: { '*': onWebhook({ payload: z.object({}), workflow: greeting, input: () => ({}) }) },
});
`,
  )
  .join('')}`,
  );
}

const asked = {
  version: 1,
  steps: `const asked = w.review('asked'); return w.task('greet', greet, { input: {}, after: [asked] });`,
};
const twice = {
  version: 2,
  steps: `const asked = w.review('really'); return w.task('greet', greet, { input: {}, after: [asked] });`,
};

it('serve --watch loads changed modules and triggers: runs keep their plan, new functions are used where they fit, a broken module keeps the old ones', async () => {
  symlinkSync(packages, town.path('node_modules'));
  write(asked, 'hello');
  writeTrigger(['calls'], 'o'.repeat(32));
  const { child, ended, says } = town.start(
    ['serve', '--watch', '--port', '0', '--store', 'memory:', '--machines', 'machines'],
    '',
    { machines: null },
  );
  const printed = await new Promise<string>((resolve) => child.stdout.once('data', resolve));
  const url = / at (\S+)/.exec(printed)?.[1] ?? '';
  const client = createClient({ url });
  const call = async (source: string, letter: string) => {
    const key = Buffer.from(letter.repeat(32));
    const signed = schemes.generic.sign({ id: source + letter, body: '{}', key, nowMs: 0 });
    const headers = { 'content-type': 'application/json', ...signed };
    const answer = await fetch(`${url}/webhooks/${source}`, {
      method: 'POST',
      headers,
      body: '{}',
    });
    return answer.status;
  };
  const start = () => client.runs.start({ body: { workflow: 'greeting', input: {} } });
  const approve = async (runId: string, step: string) => {
    const params = { runId, step };
    await client.runs.wait({ params: { runId } });
    const { shownHash } = await client.reviews.get({ params });
    await client.reviews.decide({ params, body: { outcome: 'approved', shownHash } });
    const { run } = await client.runs.wait({ params: { runId }, query: { until: 'finished' } });
    return { version: run.version, ...(await client.runs.output({ params: { runId } })) };
  };
  const first = await start();
  await client.runs.wait({ params: { runId: first.runId } });

  write(twice, 'good day');
  await says('Loaded greeting version 2; 1 run stays on the plan of before');
  const { change, workflows } = await client.workflows.list();
  const second = await start();
  await client.runs.wait({ params: { runId: second.runId } });
  write(twice, 'good evening');
  // A file that is written may be seen to change twice, so what is said may be about the words of before.
  await eventually(async () =>
    expect(await approve((await start()).runId, 'really')).toMatchObject({
      output: 'good evening',
    }),
  );
  await says('no plan has changed');
  const outputs = [await approve(first.runId, 'asked'), await approve(second.runId, 'really')];

  writeFileSync(town.path('machines/greeting/words.ts'), 'export const word = ;\n');
  await says('what it defined before goes on');
  const { problems } = await client.workflows.list();
  const third = await approve((await start()).runId, 'really');

  const before = [await call('calls', 'o'), await call('more', 'n')];
  write(twice, 'good evening');
  writeTrigger(['calls', 'more'], 'n'.repeat(32));
  await says('Loaded 2 triggers again; new: more');
  const after = [await call('calls', 'o'), await call('calls', 'n'), await call('more', 'n')];
  writeTrigger(['more', 'calls, more'], 'n'.repeat(32));
  await says('Module "machines/greeting/triggers.ts" cannot be loaded');
  const broken = [await call('calls', 'n'), await call('more', 'n')];
  child.kill('SIGTERM');

  expect([before, after, broken]).toEqual([
    [202, 404],
    [401, 202, 202],
    [202, 202],
  ]);
  expect(workflows).toMatchObject([{ name: 'greeting', version: 2, versions: [2] }]);
  expect(change?.workflows).toMatchObject([
    {
      workflow: 'greeting',
      version: 2,
      counts: { needs_mapping: 1 },
      staying: [{ runId: first.runId, why: expect.any(String) }],
    },
  ]);
  expect(outputs).toEqual([
    { version: 1, status: 'complete', output: 'hello' },
    { version: 2, status: 'complete', output: 'good evening' },
  ]);
  expect(problems).toMatchObject([
    { module: 'machines/greeting/workflow.ts' },
    { module: 'machines/greeting/triggers.ts' },
  ]);
  expect(third).toMatchObject({ version: 2, output: 'good evening' });
  expect((await ended).code).toBe(0);
});

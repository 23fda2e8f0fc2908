/** `signalbox/testing` where vitest is not installed: in a process of its own, which does not find it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const source = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));

const program = `
import { registerHooks } from 'node:module';
registerHooks({
  resolve(name, context, next) {
    if (name === 'vitest') throw Object.assign(new Error('Cannot find vitest'), { code: 'ERR_MODULE_NOT_FOUND' });
    return next(name, context);
  },
});
const testing = await import(${source('../../src/testing/index.ts')});
const { defineEvent, defineWorkflow } = await import(${source('../../src/index.ts')});
const { z } = await import('zod');
const paid = defineEvent({ name: 'paid', payload: z.object({ amount: z.number() }) });
const order = defineWorkflow({
  name: 'order',
  version: 1,
  input: z.object({}),
  steps: (w) => w.waitFor('payment', paid),
});
const [mainLine] = testing.paths(order).paths;
const { script } = await testing.scriptOf(order, mainLine);
const played = await testing.play(script, testing.createWorld());
const crashed = await testing.crashEverywhere(order, { sample: 4 });
testing.assertCrashProof(crashed);
const refusals = [];
const attempts = [
  () => testing.describeWorkflow(order),
  () => testing.describeCrashes(order),
  () => testing.describeStoreContract('x', { open: null, supports: {} }),
];
for (const attempt of attempts) {
  try {
    attempt();
  } catch (error) {
    refusals.push(error.code);
  }
}
console.log(JSON.stringify({ played: played.differences, crashes: crashed.crashes, refusals }));
`;

it('plays paths and crashes them without vitest, and says what needs it', async () => {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program]);

  const { played, crashes, refusals } = JSON.parse(stdout);
  expect(played).toEqual([]);
  expect(crashes).toBeGreaterThan(0);
  expect(refusals).toEqual(['PACKAGE_MISSING', 'PACKAGE_MISSING', 'PACKAGE_MISSING']);
});

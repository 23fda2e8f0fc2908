import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sarifProblems } from '../support/sarif/sarif-problems.ts';
import { allMachines, useTown } from './support/signalbox.ts';

const town = useTown();
const source = fileURLToPath(new URL('../../src/index.ts', import.meta.url));

/** A workflow whose review protects a step that does not wait for it. */
async function aBypass(): Promise<string> {
  const folder = town.path('bypass');
  await mkdir(folder, { recursive: true });
  await writeFile(
    `${folder}/workflow.mjs`,
    `import { z } from ${JSON.stringify(resolveFrom('zod'))};
     import { defineTask, defineWorkflow } from ${JSON.stringify(source)};
     const pay = defineTask({ name: 'pay', input: z.number(), timeout: '1s', compensate: 'irreversible', run: async () => {} });
     export const payment = defineWorkflow({
       name: 'payment', version: 1, input: z.number(),
       steps(w) {
         w.review('approval', { expires: '1h', audience: 'bookkeeping', protects: ['pay'] });
         return w.task('pay', pay, { input: w.input });
       },
     });`,
  );
  return folder;
}

function resolveFrom(name: string): string {
  return fileURLToPath(import.meta.resolve(name));
}

describe('signalbox check', () => {
  it('holds for every workflow in machines/, in one document, with the limits of what it says', async () => {
    const { code, stderr, document } = await town.ask('check', '--machines', allMachines);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(document).toMatchObject({ verdict: 'holds', problems: [] });
    expect(document.limits.length).toBeGreaterThan(0);
    for (const workflow of document.workflows) expect(workflow.verdict).toBe('holds');
  });

  it('checks the workflows it is given, and knows which there are', async () => {
    const one = await town.ask('check', 'delivery');
    const none = await town.ask('check', 'market');

    expect(one).toMatchObject({ code: 0, document: { verdict: 'assumed' } });
    expect(one.document.workflows).toHaveLength(1);
    expect(none).toMatchObject({ code: 1, document: { error: { code: 'WORKFLOW_UNKNOWN' } } });
  });

  it('exits with 1 on a violation and prints the path', async () => {
    const { code, stdout } = await town.run('check', '--machines', await aBypass());

    expect(code).toBe(1);
    expect(stdout).toContain('payment version 1: violated');
    expect(stdout).toContain('violation "pay" can begin before "approval" is over');
    expect(stdout).toContain('by $start → approval → pay');
    expect(stdout).toContain('pending: run.started → processing');
  });

  it('exits with 1 if a module cannot be loaded: it was not checked', async () => {
    const folder = town.path('broken');
    await mkdir(folder);
    await writeFile(`${folder}/workflow.mjs`, 'throw new Error("out of order");');

    const { code, document } = await town.ask('check', '--machines', folder);

    expect(code).toBe(1);
    expect(document.problems).toMatchObject([{ message: 'out of order' }]);
  });

  it('writes SARIF 2.1.0, valid by its schema, with the path as a code flow', async () => {
    const machines = await aBypass();
    const { code, stdout } = await town.run('check', '--machines', machines, '--format', 'sarif');

    const log = JSON.parse(stdout);
    const { version, runs } = log;
    expect(sarifProblems(log)).toEqual([]);
    expect(sarifProblems({ ...log, runs: [{ results: runs[0].results }] })).not.toEqual([]);
    const [{ tool, results }] = runs;
    const violations = results.filter(({ level }: { level: string }) => level === 'error');
    expect({ code, version }).toEqual({ code: 1, version: '2.1.0' });
    expect(violations).toMatchObject([
      {
        ruleId: 'protected-steps',
        kind: 'fail',
        message: { text: '"pay" can begin before "approval" is over' },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: 'bypass/workflow.mjs' },
              region: { startLine: 1 },
            },
          },
        ],
        codeFlows: [{ threadFlows: [{ locations: [{ location: {} }] }] }],
      },
    ]);
    for (const { ruleId, ruleIndex, message } of results) {
      expect(tool.driver.rules[ruleIndex].id).toBe(ruleId);
      expect(message.text).not.toBe('');
    }
  });

  it('writes JUnit XML to a file, and draws the path of every violation', async () => {
    const xml = town.path('check.xml');
    const folder = town.path('drawn');
    const drawing = join(folder, 'payment-1-protected-steps-1.svg');
    const options = ['--format', 'junit', '--output', xml, '--draw', folder];

    const { code, document } = await town.ask('check', '--machines', await aBypass(), ...options);

    expect({ code, verdict: document.verdict }).toEqual({ code: 1, verdict: 'violated' });
    const cases = readFileSync(xml, 'utf8');
    expect(cases).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites /);
    expect(cases).toContain('<testcase classname="payment" name="completion-reviewed">');
    expect(cases.match(/<failure /g)).toHaveLength(1);
    expect(cases).toContain(
      'message="&quot;pay&quot; can begin before &quot;approval&quot; is over"',
    );
    expect(document.drawings).toEqual([
      { workflow: 'payment', rule: 'protected-steps', finding: 0, file: drawing },
    ]);
    expect(readFileSync(drawing, 'utf8')).toMatch(/<svg [^]*data-node="pay"/);
  });

  it('does not pass where there is nothing to check', async () => {
    const { code, stderr } = await town.start(['check'], '', { machines: null }).ended;

    expect(code).toBe(2);
    expect(stderr).toContain('There is no workflow to check');
  });

  it.each([
    [['--output', 'x.xml'], '--output needs --format'],
    [['--format', 'sarif', '--json'], 'add --output'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await town.run('check', ...args);

    expect(code).toBe(2);
    expect(stdout + stderr).toContain(message);
  });
});

/** The cost of a step in the type checker: flat, whatever the number of steps before it. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const maxInstantiationsPerStep = 150;
const patienceMs = 120_000;

let folder: string;

beforeAll(async () => {
  // Inside the repository, so that zod is found and the sources are reached by a relative path.
  const parent = join(root, 'node_modules', '.cache');
  await mkdir(parent, { recursive: true });
  folder = await mkdtemp(join(parent, 'type-budget-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a large workflow', () => {
  it(
    `costs the type checker less than ${maxInstantiationsPerStep} instantiations per step`,
    async () => {
      const [small, large] = await Promise.all([instantiationsOf(100), instantiationsOf(200)]);

      const perStep = (large - small) / 100;

      expect(perStep).toBeGreaterThan(0);
      expect(perStep).toBeLessThan(maxInstantiationsPerStep);
    },
    patienceMs,
  );

  it(
    'reports a wiring mistake among 200 steps at its line',
    async () => {
      const source = workflowSource(200).replace(
        'input: { order: w.input, previous: s49.$.result }, priority',
        'input: { order: w.input, previous: s49.$.count }, priority',
      );

      const output = await check('mistake', source);

      const line = source.split('\n').findIndex((text) => text.includes('s49.$.count')) + 1;
      expect(output).toContain(`mistake.ts(${line},`);
      expect(output.match(/error TS/g)).toHaveLength(1);
    },
    patienceMs,
  );
});

async function instantiationsOf(steps: number): Promise<number> {
  const output = await check(`steps-${steps}`, workflowSource(steps));
  expect(output).not.toContain('error TS');
  const found = /^Instantiations:\s+(\d+)/m.exec(output);
  return Number(found?.[1]);
}

async function check(name: string, source: string): Promise<string> {
  const file = join(folder, `${name}.ts`);
  await writeFile(file, source);
  await writeFile(
    join(folder, `${name}.json`),
    JSON.stringify({ extends: join(root, 'tsconfig.json'), include: [], files: [file] }),
  );
  const run = promisify(execFile);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [
    tsc,
    '-p',
    join(folder, `${name}.json`),
    '--noEmit',
    '--extendedDiagnostics',
    '--pretty',
    'false',
  ];
  try {
    return (await run(process.execPath, args)).stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

/** Steps of every common kind: plain, gated, tolerant, reviewed, derived, in branches, with objects of references as input. */
function workflowSource(steps: number): string {
  const index = relative(folder, join(root, 'src', 'definition', 'index.ts'));
  const lines: string[] = [];
  for (let n = 1; n <= steps; n++) {
    const before = n === 1 ? 'start' : `s${n - 1}`;
    switch (n % 10) {
      case 3:
        lines.push(
          `const s${n} = w.ifRan('i${n}', w.task('t${n}', step, { input: { order: w.input, previous: ${before}.$.result }, when: large }), (ran) => ran);`,
        );
        break;
      case 5:
        lines.push(
          `const r${n} = w.review('r${n}', { form: z.object({ reason: z.string() }), show: ${before}, expires: '24h' });`,
        );
        lines.push(
          `const s${n} = w.task('t${n}', step, { input: { order: w.input, previous: r${n}.$.actor } });`,
        );
        break;
      case 7:
        lines.push(
          `const m${n} = w.task('t${n}', step, { input: { order: w.input, previous: ${before}.$.result }, tolerate: ['full'] });`,
        );
        lines.push(
          `const s${n} = w.derive('d${n}', m${n}, (settled) => ({ result: settled.status, count: 1 }));`,
        );
        break;
      case 9:
        lines.push(
          `const s${n} = w.when('w${n}', large, () => w.task('t${n}', step, { input: { order: w.input, previous: ${before}.$.result } }), () => ${before});`,
        );
        break;
      default: {
        const previous = n % 10 === 4 ? "'again'" : `${before}.$.result`;
        lines.push(
          `const s${n} = w.task('t${n}', step, { input: { order: w.input, previous: ${previous} }, priority: 'high' });`,
        );
      }
    }
  }
  return [
    "import { z } from 'zod';",
    `import { defineTask, defineWorkflow } from ${JSON.stringify(index)};`,
    'const Order = z.object({ id: z.string(), lines: z.array(z.object({ sku: z.string(), count: z.number() })) });',
    "const step = defineTask({ name: 'step', input: z.object({ order: Order, previous: z.string() }),",
    '  output: z.object({ result: z.string(), count: z.number() }), failures: { full: z.object({ left: z.number() }) },',
    "  compensate: 'none', run: async () => ({ result: '', count: 0 }) });",
    "export const large = defineWorkflow({ name: 'large', version: 1, input: Order, steps(w) {",
    "const large = w.is(w.input.$.lines, 'large', (lines) => lines.length > 3);",
    "const start = w.derive('start', w.input, () => ({ result: '', count: 0 }));",
    ...lines,
    `return s${steps}; } });`,
  ].join('\n');
}

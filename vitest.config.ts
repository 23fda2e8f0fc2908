import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What starts processes and browsers comes first, also where no earlier run has been measured: at the end a worker would stand idle beside it. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) =>
      /\/test\/(browser|crash|cli)\//.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Modules are loaded once a worker, not once a file, which is a third of the time. So no test may leave anything behind in a module or a global.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    unstubEnvs: true,
    unstubGlobals: true,
    // On two cores the default is one worker, and much of the machine stands idle while tests wait for processes they have started.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    // Tests that kill real processes draw their places anew each time; a machine under load may miss one. Failures are printed all the same.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    // For the processes that tests start: most of what they do is loading the same modules.
    env: {
      NODE_COMPILE_CACHE: fileURLToPath(
        new URL('node_modules/.cache/signalbox-tests', import.meta.url),
      ),
    },
    // A limit for what hangs, not a measure: tests of the command line start a dozen processes one after another.
    testTimeout: 60_000,
    hookTimeout: 20_000,
    // What a page shows may come a moment later on a busy machine.
    expect: { poll: { timeout: 10_000 } },
    typecheck: {
      enabled: true,
      include: ['test/**/*.test-d.ts'],
      // Errors elsewhere are the business of `npm run typecheck`.
      ignoreSourceErrors: true,
    },
    coverage: {
      provider: 'v8',
      include: ['src/plan/**', 'src/chart/**', 'src/definition/**'],
    },
  },
});

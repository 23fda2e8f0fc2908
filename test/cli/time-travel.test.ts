import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { alert, incidentMachines, useTown } from './support/signalbox.ts';

/** Several processes one after the other. */
const timeout = 60_000;
const town = useTown();
const machines = ['--machines', incidentMachines];

describe.each(['lowdb:runs', 'sqlite:runs.db'])('looking back and forking on %s', (place) => {
  const store = ['--store', place];

  it(
    'shows a past moment, previews a fork, makes it, and leaves the original alone',
    async () => {
      const begun = await town.ask(
        'run',
        'incident-response',
        '--input',
        alert,
        ...machines,
        ...store,
      );
      const runId = String(begun.document.runId);
      const history = await town.ask('history', runId, ...machines, ...store);
      const entries: { seq: number; event: string }[] = history.document.entries;
      const at = String(entries.find(({ event }) => event === 'enrich.completed')?.seq);

      const [past, text, preview] = await Promise.all([
        town.ask('show', runId, '--at', at, ...machines, ...store),
        town.run('show', runId, '--at', at, ...machines, ...store),
        town.ask('fork', runId, '--at', at, '--dry-run', ...machines, ...store),
      ]);
      const made = await town.ask(
        'fork',
        runId,
        '--at',
        at,
        '--reason',
        'again',
        ...machines,
        ...store,
      );
      const [shown, after] = await Promise.all([
        town.run('show', made.document.runId, ...machines, ...store),
        town.ask('history', runId, ...machines, ...store),
      ]);

      expect(past.document).toMatchObject({
        event: 'enrich.completed',
        waitingOn: [{ kind: 'attempt', step: 'diagnosis' }],
        settled: [{ step: 'ingest' }, { step: 'enrich' }],
      });
      expect(text.stdout).toContain('Settled by then\n  ingest\n  enrich\n');
      expect(preview.document).toMatchObject({
        runId: null,
        again: [{ step: 'diagnosis' }, { step: 'approval' }, { step: 'notify_operators' }],
      });
      expect(made.document).toMatchObject({
        status: 'processing',
        fork: { forkedFrom: { runId } },
      });
      expect(shown.stdout).toContain(`forked from  ${runId}, entry ${at}`);
      expect(after.document).toEqual(history.document);
    },
    timeout,
  );
});

describe('copy-as-test', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));

  it(
    'writes a test that passes',
    async () => {
      const store = ['--store', 'sqlite:runs.db'];
      const begun = await town.ask(
        'run',
        'incident-response',
        '--input',
        alert,
        ...machines,
        ...store,
      );
      const runId = String(begun.document.runId);
      await town.run(
        'review',
        runId,
        'approval',
        '--approve',
        '--actor',
        'ann',
        ...machines,
        ...store,
      );

      const copied = await town.ask(
        'copy-as-test',
        runId,
        '--output',
        'incident.test.ts',
        ...machines,
        ...store,
      );

      expect(copied).toMatchObject({
        code: 0,
        document: { passes: true, output: 'incident.test.ts' },
      });
      symlinkSync(`${root}node_modules`, town.path('node_modules'));
      const alias = { 'signalbox/testing': `${root}src/testing/index.ts` };
      writeFileSync(
        town.path('vitest.config.mjs'),
        // As an installed package is: loaded by Node, not transformed file by file.
        `export default { resolve: { alias: ${JSON.stringify(alias)} }, test: { server: { deps: { external: [/\\/(src|machines)\\//] } } } };`,
      );
      const vitest = `${root}node_modules/vitest/vitest.mjs`;
      const ran = spawnSync(process.execPath, [vitest, 'run', '--root', town.folder()], {
        encoding: 'utf8',
      });
      expect(ran.stdout + ran.stderr).toContain('1 passed');
      expect(ran.status).toBe(0);
    },
    timeout,
  );

  it(
    'says so if the test fails as it stands',
    async () => {
      const store = ['--store', 'sqlite:runs.db'];
      const begun = await town.ask(
        'run',
        'incident-response',
        '--input',
        alert,
        ...machines,
        ...store,
      );
      writeFileSync(
        town.path('other.ts'),
        `import { incidentResponse } from '${incidentMachines}/workflow.ts';
const { plan, ...rest } = incidentResponse;
const nodes = plan.nodes.map((node) => (node.id === 'approval' ? { ...node, approve: { by: 'automatic' } } : node));
export const incident = { ...rest, version: 1, plan: { ...plan, nodes, hash: 'other' } };
`,
      );

      const copied = await town.run(
        'copy-as-test',
        begun.document.runId,
        '--machines',
        'other.ts',
        ...store,
      );

      expect(copied.code).toBe(1);
      expect(copied.stderr).toContain('"approval.decided_by_policy: processing" happens now');
      expect(copied.stdout).toContain('import { incident } from "./other.ts";');
    },
    timeout,
  );
});

describe('coverage', () => {
  it(
    'says what the path tests take before there are any runs',
    async () => {
      const covered = await town.ask('coverage', 'incident-response', ...machines);

      expect(covered).toMatchObject({ code: 0, document: { runs: 0, neverTested: [] } });
    },
    timeout,
  );

  it(
    'counts what a stored run took, and draws it',
    async () => {
      const store = ['--store', 'sqlite:runs.db'];
      await town.run('run', 'incident-response', '--input', alert, ...machines, ...store);

      const covered = await town.ask(
        'coverage',
        'incident-response',
        '--output',
        'heat.svg',
        ...machines,
        ...store,
      );

      expect(covered.document).toMatchObject({ runs: 1, neverTested: [], untestedButTaken: [] });
      expect(covered.document.paths).toBeGreaterThan(10);
      expect(readFileSync(town.path('heat.svg'), 'utf8')).toContain('as 1 run took it');
    },
    timeout,
  );
});

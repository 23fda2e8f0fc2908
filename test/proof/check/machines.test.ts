import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { operational } from '../../../machines/operational.ts';
import { loadMachines } from '../../../src/cli/machines.ts';
import { ruleIds } from '../../../src/proof/check/report.ts';
import { check } from '../../../src/testing/index.ts';

const { workflows, problems } = await loadMachines(
  fileURLToPath(new URL('../../../machines', import.meta.url)),
);

describe('the workflows of machines/', () => {
  it('are all there', () => {
    expect(problems).toEqual([]);
    expect(workflows.length).toBeGreaterThanOrEqual(3);
  });

  it('M255: automate eight operational processes', () => {
    const names = workflows.map(({ workflow }) => workflow.name);

    expect(operational).toHaveLength(8);
    expect(names).toEqual(expect.arrayContaining(operational.map(({ workflow }) => workflow)));
  });

  it.each(workflows.map(({ workflow }) => [workflow.name, workflow] as const))(
    '%s: every rule holds, without an assumption',
    (_, workflow) => {
      const report = check(workflow);

      expect(report.rules.map(({ rule }) => rule)).toEqual(ruleIds);
      expect(
        report.rules.flatMap(({ findings }) =>
          findings.filter(({ kind }) => kind === 'violation' || kind === 'assumption'),
        ),
      ).toEqual([]);
      expect(report.verdict).toBe('holds');
    },
  );
});

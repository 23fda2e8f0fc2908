/** The report as JUnit XML, which build servers show as tests: a suite a workflow, a case a rule. */
import { element, lines, type Markup } from '../../diagram/xml.ts';
import type { Finding, RuleReport } from '../../proof/check/report.ts';
import type { CheckedWorkflow } from './checked.ts';
import { moveText } from './text.ts';

export function junitOf(workflows: readonly CheckedWorkflow[]): string {
  const suites = workflows.map(({ report, module }) =>
    element(
      'testsuite',
      {
        name: `${report.workflow} ${report.version}`,
        file: module,
        tests: report.rules.length,
        failures: report.rules.filter(({ verdict }) => verdict === 'violated').length,
        errors: 0,
        skipped: 0,
      },
      lines(report.rules.map((rule) => testCase(report.workflow, rule))),
      { markup: '\n' },
    ),
  );
  const rules = workflows.flatMap(({ report }) => report.rules);
  const root = element(
    'testsuites',
    {
      name: 'signalbox check',
      tests: rules.length,
      failures: rules.filter(({ verdict }) => verdict === 'violated').length,
      errors: 0,
    },
    lines(suites),
    { markup: '\n' },
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root.markup}\n`;
}

function testCase(workflow: string, { rule, claim, findings }: RuleReport): Markup {
  const failures = findings.filter(({ kind }) => kind === 'violation');
  const rest = findings.filter(({ kind }) => kind !== 'violation');
  return element(
    'testcase',
    { classname: workflow, name: rule },
    ...failures.map((finding) =>
      element('failure', { type: rule, message: finding.message }, detailOf(finding)),
    ),
    element(
      'system-out',
      {},
      [claim, ...rest.map(({ kind, message }) => `${kind}: ${message}`)].join('\n'),
    ),
  );
}

function detailOf({ message, path }: Finding): string {
  if (path === null) return message;
  const label = path.guardUnknown ? ['possible path, guard unknown'] : [];
  return [message, ...label, ...path.moves.map(moveText)].join('\n');
}

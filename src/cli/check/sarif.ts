/** The report as SARIF 2.1.0 (OASIS), which code hosts show beside the change. */

import { ruleTitles } from '../../analysis/rule-titles.ts';
import type { Counterexample, Finding, RuleId, RuleReport } from '../../proof/check/report.ts';
import type { CheckedWorkflow } from './checked.ts';

/** @param version - of this package */
export function sarifOf(workflows: readonly CheckedWorkflow[], version: string): object {
  const rules = Object.entries(ruleTitles).map(([id, title]) => ({
    id,
    shortDescription: { text: title },
  }));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'signalbox', semanticVersion: version, rules } },
        columnKind: 'utf16CodeUnits',
        results: workflows.flatMap((checked) =>
          checked.report.rules.flatMap((rule) => resultsOf(checked, rule)),
        ),
      },
    ],
  };
}

function resultsOf(checked: CheckedWorkflow, { rule, claim, findings }: RuleReport): object[] {
  const shown = findings.filter(({ kind }) => kind !== 'note');
  if (shown.length === 0)
    return [
      { ...base(checked, rule, null), kind: 'pass', level: 'none', message: { text: claim } },
    ];
  return shown.map((finding) => ({
    ...base(checked, rule, finding.subject, finding.message),
    ...levels[finding.kind],
    message: { text: messageOf(finding) },
    ...(finding.path === null || finding.path.moves.length === 0
      ? {}
      : { codeFlows: [flowOf(checked, finding.path)] }),
  }));
}

const levels: { readonly [K in Finding['kind']]: object } = {
  violation: { kind: 'fail', level: 'error' },
  warning: { kind: 'fail', level: 'warning' },
  assumption: { kind: 'fail', level: 'note' },
  note: { kind: 'informational', level: 'none' },
};

function messageOf({ kind, message, path }: Finding): string {
  const label = path?.guardUnknown === true ? ' (possible path, guard unknown)' : '';
  return kind === 'assumption' ? `Assumed: ${message}` : `${message}${label}`;
}

function base(
  { report, module }: CheckedWorkflow,
  rule: RuleId,
  subject: string | null,
  message = '',
): object {
  return {
    ruleId: rule,
    ruleIndex: Object.keys(ruleTitles).indexOf(rule),
    locations: [locationOf(report.workflow, module, subject)],
    partialFingerprints: {
      'signalbox/v1': [report.workflow, rule, subject ?? '', message].join('/'),
    },
  };
}

function locationOf(workflow: string, module: string, subject: string | null): object {
  const name = subject === null ? workflow : `${workflow}/${subject}`;
  return {
    physicalLocation: {
      artifactLocation: { uri: module.split('/').map(encodeURIComponent).join('/') },
      region: { startLine: 1 },
    },
    logicalLocations: [{ fullyQualifiedName: name, kind: 'member' }],
  };
}

function flowOf({ report, module }: CheckedWorkflow, { moves }: Counterexample): object {
  return {
    threadFlows: [
      {
        locations: moves.map(({ from, event, guard, to }) => ({
          location: {
            ...locationOf(report.workflow, module, from),
            message: {
              text: `${event ?? 'by itself'}${guard === null ? '' : ` if ${guard}`} to ${to ?? from}`,
            },
          },
        })),
      },
    ],
  };
}

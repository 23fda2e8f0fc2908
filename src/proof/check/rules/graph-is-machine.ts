/** The chart's data, which every other rule reads, and the machine that runs are the same. */
import { counterexample } from '../counterexample.ts';
import { explore } from '../exploration.ts';
import { type Finding, finding, type RuleReport, ruleReport } from '../report.ts';
import type { Subject } from '../subject.ts';

export function graphIsMachine(subject: Subject): RuleReport {
  const { comparisons, taken, isCutShort, difference } = explore(subject);
  const total = subject.graph.edges.length;
  const findings: Finding[] = [];
  if (difference !== null)
    findings.push(
      finding('violation', null, difference.message, counterexample(subject, difference.path)),
    );
  else if (isCutShort)
    findings.push(
      finding(
        'assumption',
        null,
        `The ${total - taken.size} of ${total} transitions that the bound of the comparison left out are made as the others are`,
      ),
    );
  else if (taken.size < total)
    findings.push(
      finding('note', null, `${total - taken.size} of ${total} transitions were taken by no walk`),
    );
  return ruleReport(
    'graph-is-machine',
    `The chart's data and the XState machine agree on ${comparisons} events, which take ${taken.size} of ${total} transitions.`,
    findings,
  );
}

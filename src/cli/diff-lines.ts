/** A comparison of two versions, in lines for people. */
import type { JudgedRuns } from '../analysis/judged-runs.ts';
import type { PlanDiff } from '../proof/diff/plans.ts';
import type { JudgedRun } from '../proof/diff/runs.ts';
import { printable, toJsonText } from './escape.ts';
import { indented } from './format.ts';

const maxRuns = 20;

export function diffLines(diff: PlanDiff): readonly string[] {
  const { before, after, steps, chart, schemas, settings, values } = diff;
  const title = printable(
    `${before.name} version ${before.version} (${before.hash.slice(0, 12)}) to version ${after.version} (${after.hash.slice(0, 12)})`,
  );
  if (diff.isSame) return [title, 'No difference in structure'];
  const { states, transitions } = chart;
  return [
    title,
    ...section('Steps', [
      ...steps.renamed.map(({ from, to }) => `${from} -> ${to}, renamed by the look of it`),
      ...steps.added.map((step) => `+ ${step}`),
      ...steps.removed.map((step) => `- ${step}`),
      ...steps.changed.map(({ step, parts }) => `~ ${step}: ${parts.join(', ')}`),
    ]),
    ...section('Conditions and values', [
      ...values.added.map((id) => `+ ${id}`),
      ...values.removed.map((id) => `- ${id}`),
      ...values.changed.map((id) => `~ ${id}`),
    ]),
    ...section(
      'Workflow',
      settings.map((setting) => `~ ${setting}`),
    ),
    ...section(
      'Schemas',
      schemas.map(({ of, name, change, detail }) =>
        [`${of}${name === null ? '' : ` "${name}"`}: ${schemaText(change)}`, detail]
          .filter((part) => part !== null)
          .join('; '),
      ),
    ),
    ...section('States', [
      ...states.added.map((state) => `+ ${state}`),
      ...states.removed.map((state) => `- ${state}`),
    ]),
    ...section('Transitions', [
      ...transitions.added.map(({ from, event }) => `+ ${from} on ${event}`),
      ...transitions.removed.map(({ from, event }) => `- ${from} on ${event}`),
      ...transitions.changed.map(({ from, event }) => `~ ${from} on ${event}`),
    ]),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...indented(lines.map(printable))];
}

function schemaText(change: PlanDiff['schemas'][number]['change']): string {
  switch (change) {
    case 'widened':
      return 'widened: everything that fitted still fits';
    case 'narrowed':
      return 'narrowed: some of what fitted does not any more';
    case 'incompatible':
      return 'incompatible: nothing that fitted still does';
    case 'undecided':
      return 'changed: the schemas do not tell whether what fitted still does';
    default:
      return change satisfies never;
  }
}

export function runLines(runs: JudgedRuns | null): readonly string[] {
  if (runs === null) return ['Runs: there is no store to look at'];
  const { counts, judged } = runs;
  const waiting = judged.filter((run) => run.verdict !== 'continues');
  const movable = judged.filter((run) => run.moves === 'as_it_is').length;
  return [
    `Runs of the old version: ${counts.continues} continue, ${counts.needs_mapping} need a mapping, ${counts.cannot} cannot; ${counts.ended} have ended`,
    ...(judged.length === 0
      ? []
      : [`${movable} of them can be moved to the new version as they are`]),
    ...waiting.slice(0, maxRuns).flatMap(oneRun),
    ...(waiting.length > maxRuns ? [`and ${waiting.length - maxRuns} more; --json lists all`] : []),
  ];
}

function oneRun(run: JudgedRun): readonly string[] {
  const verdict = run.verdict === 'cannot' ? 'cannot' : 'needs a mapping';
  const place = run.at.length === 0 ? run.status : `at ${run.at.join(', ')}`;
  return [
    printable(`${run.runId} ${verdict} (${place})`),
    ...indented(
      [
        ...(run.lacking.length === 0
          ? []
          : [`it cannot stay: the code has no ${run.lacking.join(', ')}`]),
        ...run.reasons.map(({ step, text }) => (step === null ? text : `${step}: ${text}`)),
        ...(run.suggestion === null ? [] : [`suggested mapping: ${toJsonText(run.suggestion, 0)}`]),
      ].map(printable),
    ),
  ];
}

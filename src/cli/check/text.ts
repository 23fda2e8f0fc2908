/** The report for people: a table of rules a workflow, and below each rule what it found. */

import { ruleTitles } from '../../analysis/rule-titles.ts';
import type { Counterexample, Finding, PathMove, Verdict } from '../../proof/check/report.ts';
import { type UndoList, type UndoTable, undoListAt } from '../../proof/check/undo-table.ts';
import { printable } from '../escape.ts';
import { indented } from '../format.ts';
import type { Style } from '../style.ts';
import { table } from '../table.ts';
import type { CheckedWorkflow } from './checked.ts';

const marks: { readonly [V in Verdict]: string } = { holds: '✓', assumed: '~', violated: '✗' };

/** Moves of a path that are printed; longer ones are cut in the middle. */
const maxMoves = 24;
/** Failure points whose undo lists are printed; all of them are in the JSON. */
const maxRows = 40;
/** Steps of an undo list that are printed. */
const maxSteps = 6;

export function checkLines({ report }: CheckedWorkflow, style: Style): readonly string[] {
  const rows = report.rules.flatMap(({ rule, verdict, claim, findings }) => [
    `${colour(verdict, style)(marks[verdict])} ${ruleTitles[rule].padEnd(titleWidth)}  ${style.dim(verdict)}`,
    ...indented([printable(claim)], 4).map(style.dim),
    ...findings.flatMap((finding) => indented(findingLines(finding, style), 4)),
  ]);
  return [
    `${style.bold(printable(report.workflow))} version ${report.version}: ${colour(report.verdict, style)(report.verdict)}`,
    ...indented([...rows, ...undoLines(report.undo, style)]),
    '',
  ];
}

const titleWidth = Math.max(...Object.values(ruleTitles).map((title) => title.length));

function colour(verdict: Verdict, style: Style): (text: string) => string {
  if (verdict === 'violated') return style.red;
  return verdict === 'assumed' ? style.bold : (text) => text;
}

function findingLines({ kind, message, path }: Finding, style: Style): readonly string[] {
  if (kind === 'note') return [style.dim(`note ${printable(message)}`)];
  const words = kind === 'assumption' ? 'assumed' : kind;
  const mark = kind === 'violation' ? style.red(words) : style.bold(words);
  return [`${mark} ${printable(message)}`, ...(path === null ? [] : pathLines(path, style))];
}

function pathLines(path: Counterexample, style: Style): readonly string[] {
  const moves = path.moves.map(moveText).map(printable);
  const half = maxMoves / 2;
  const shown =
    moves.length <= maxMoves
      ? moves
      : [...moves.slice(0, half), `… ${moves.length - maxMoves} more …`, ...moves.slice(-half)];
  const steps = path.steps.length > maxMoves ? [] : [`by ${path.steps.map(printable).join(' → ')}`];
  return indented([
    ...(path.guardUnknown ? [style.dim('possible path, guard unknown')] : []),
    ...steps,
    ...indented(shown),
  ]);
}

export function moveText({ from, event, guard, to }: PathMove): string {
  const by = [event ?? 'by itself', ...(guard === null ? [] : [`[${guard}]`])].join(' ');
  return to === null ? `${from}: ${by}` : `${from}: ${by} → ${to}`;
}

function undoLines(undo: UndoTable, style: Style): readonly string[] {
  const points = [
    ...undo.rows
      .filter(({ failure }) => failure !== null)
      .map(({ step, failure }) => [step, failure ?? ''] as const),
    ['completion', 'the closing review is rejected'] as const,
  ];
  if (undo.rows.every(({ effect }) => effect === 'none')) return [];
  const rows: string[][] = [];
  let last = '';
  for (const [step, failure] of points.slice(0, maxRows)) {
    const list = undoListAt(undo, step);
    const cells = cellsOf(list, undo);
    const key = cells.join('\n');
    if (key === last) rows.push([step, failure, '"', '"', '"']);
    else rows.push([step, failure, ...cells]);
    last = key;
  }
  const more = points.length - maxRows;
  const titles = ['IF IT FAILS AT', 'BECAUSE', 'UNDONE', 'AND IF COMPLETE BY THEN', 'STAYS DONE'];
  return [
    '',
    ...table(
      titles.map((title) => ({ title })),
      rows,
      style.dim,
    ),
    ...(more > 0 ? [style.dim(`… and ${more} more; all are in --json`)] : []),
  ];
}

function cellsOf({ undone, perhaps, stay }: UndoList, { rows }: UndoTable): readonly string[] {
  const conditional = new Set(
    rows.filter((row) => row.conditions.length > 0).map(({ step }) => step),
  );
  const text = (steps: readonly string[]) => {
    const more = steps.length - maxSteps;
    const names = steps
      .slice(0, maxSteps)
      .map((step) => (conditional.has(step) ? `${step}?` : step));
    if (names.length === 0) return '–';
    return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
  };
  return [text(undone), text(perhaps), text(stay)];
}

/** The drawing of a workflow, and what a call wants to see laid over it. */
import { overlayOfCoverage } from '../../analysis/coverage-overlay.ts';
import { drawSvg } from '../../diagram/draw.ts';
import type { View } from '../../diagram/graph.ts';
import { overlayOfPath, pathOfNames } from '../../diagram/highlight.ts';
import { noOverlay, type Overlay } from '../../diagram/overlay.ts';
import type { Theme } from '../../diagram/palette.ts';
import { SignalboxError } from '../../errors.ts';
import type { Plan } from '../../plan/plan.ts';
import type { CheckReport } from '../../proof/check/report.ts';
import type { CoverageReport } from '../../proof/coverage.ts';
import { createMemo } from './memo.ts';

export interface Wanted {
  readonly view: View;
  readonly theme: Theme;
  readonly overlay: Overlay;
}

/** Drawings without anything laid over them are kept; the others change with the runs or are asked for once. */
export function createDrawings(): (plan: Plan, wanted: Wanted) => Promise<string> {
  const kept = createMemo<Promise<string>>(200);
  return (plan, wanted) => {
    const { view, theme, overlay } = wanted;
    if (overlay !== noOverlay) return drawSvg(plan, wanted);
    const key = `${plan.name}@${plan.version}#${plan.hash} ${view} ${theme}`;
    return kept.get(key, () => drawSvg(plan, wanted));
  };
}

/** @param names - separated by commas. @throws SignalboxError `PATH_UNKNOWN` */
export function overlayOfNames(plan: Plan, names: string): Overlay {
  const listed = names.split(',').map((name) => name.trim());
  return overlayOfPath(
    plan,
    pathOfNames(
      plan,
      listed.filter((name) => name !== ''),
    ),
  );
}

/** @throws SignalboxError `PATH_UNKNOWN` if the report has no such finding, or it has no path */
export function overlayOfFinding(
  plan: Plan,
  report: CheckReport,
  rule: string,
  finding: number,
): Overlay {
  const path = report.rules.find((each) => each.rule === rule)?.findings[finding]?.path ?? null;
  if (path !== null) return { ...overlayOfPath(plan, path), title: rule };
  throw new SignalboxError(
    'PATH_UNKNOWN',
    `Rule "${rule}" of workflow "${plan.name}" has no finding ${finding} with a path`,
    { details: { workflow: plan.name, rule, finding }, hint: 'Its proofs list the findings' },
  );
}

export function overlayOfHeat(
  plan: Plan,
  report: CoverageReport,
  heat: 'runs' | 'tests' | undefined,
): Overlay {
  return heat === undefined ? noOverlay : overlayOfCoverage(plan, report, heat);
}

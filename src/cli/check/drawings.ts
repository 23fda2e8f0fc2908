/** A picture of every violation that has a path. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { drawSvg } from '../../diagram/draw.ts';
import { overlayOfPath } from '../../diagram/highlight.ts';
import type { Plan } from '../../plan/plan.ts';
import type { CheckReport, RuleId } from '../../proof/check/report.ts';
import { writeAtomically } from '../write-file.ts';

export interface Drawing {
  readonly workflow: string;
  readonly rule: RuleId;
  /** Position among the findings of its rule. */
  readonly finding: number;
  readonly file: string;
}

/** Writes the pictures, the path highlighted: among the steps, or among the states if the path is about no step. */
export async function drawViolations(
  folder: string,
  plan: Plan,
  { workflow, version, rules }: CheckReport,
): Promise<readonly Drawing[]> {
  const drawings: Drawing[] = [];
  for (const { rule, findings } of rules) {
    for (const [finding, { kind, path }] of findings.entries()) {
      if (kind !== 'violation' || path === null) continue;
      const file = join(folder, `${workflow}-${version}-${rule}-${finding + 1}.svg`);
      const isAboutSteps = path.steps.some((step) => !step.startsWith('$'));
      const svg = await drawSvg(plan, {
        view: isAboutSteps ? 'steps' : 'states',
        overlay: { ...overlayOfPath(plan, path), title: rule },
      });
      if (drawings.length === 0) await mkdir(folder, { recursive: true });
      await writeAtomically(file, [svg]);
      drawings.push({ workflow, rule, finding, file });
    }
  }
  return drawings;
}

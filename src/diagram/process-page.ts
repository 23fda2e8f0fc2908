/** A workflow as a page for people: what it does, who decides, what it takes and yields, what happens when it fails. */
import {
  type DecisionPolicy,
  isStep,
  type Plan,
  type ReviewStep,
  type StepNode,
} from '../plan/plan.ts';
import { captionOfStep, durationWords, sharesWords } from './captions.ts';
import { code, listed, plain, section, table } from './markdown.ts';
import { approvalText, callsOf, wiringText } from './step-facts.ts';
import { schemaTable, stepSection } from './step-section.ts';

/** What was proved of the workflow, where somebody has. */
export interface PageProofs {
  readonly rules: readonly {
    readonly title: string;
    readonly verdict: 'holds' | 'assumed' | 'violated';
    readonly claim: string;
    /** What it assumes, or what violates it. */
    readonly findings: readonly string[];
  }[];
  /** In order of execution; steps last first. */
  readonly undo: readonly {
    readonly at: string;
    readonly because: string;
    readonly undone: readonly string[];
    /** Undone if they have completed by then. */
    readonly perhaps: readonly string[];
    readonly stay: readonly string[];
  }[];
}

/** By it a page is known to be generated. */
export const pageMark =
  '<!-- Made from the definition by `signalbox docs`; changes made here are lost. -->';

/** @param pictures - addresses of the drawings of both views, as seen from the page */
export function processPage(
  plan: Plan,
  pictures: { readonly steps: string; readonly states: string },
  proofs: PageProofs | null,
): string {
  const steps = plan.nodes.filter(isStep);
  const lines = [
    pageMark,
    `# ${plain(plan.name)}`,
    '',
    ...(plan.description === undefined ? [] : [plain(plan.description), '']),
    ...table(['', ''], summary(plan)),
    '',
    `![${plain(plan.name)}: its steps](${pictures.steps})`,
    '',
    ...section(
      '## Steps',
      table(['Step', 'What it does', 'Runs', 'Owner', 'Undo'], steps.map(rowOf)),
    ),
    ...section('## Input', schemaTable('Takes', plan.input, plan.sensitiveInput)),
    ...section('## Output', [code(wiringText(plan.output, plan.sensitiveOutput))]),
    ...section('## Reviews', reviews(plan, steps)),
    ...section('## When it fails', failure(plan, proofs)),
    ...section('## Sensitive fields', sensitive(plan, steps)),
    ...section('## Run context and milestones', state(plan)),
    ...section('## What is proved', proofs === null ? [] : proofLines(proofs)),
    '## Steps in detail',
    '',
    ...steps.flatMap(stepSection),
    '## Statechart',
    '',
    `![${plain(plan.name)}: its states](${pictures.states})`,
  ];
  return `${lines
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`;
}

function summary(plan: Plan): readonly (readonly string[])[] {
  return [
    ['Version', String(plan.version)],
    ['Owner', plan.owner === undefined ? '' : plain(plan.owner)],
    ['Also started by', listed(plan.startOn)],
    ['Time limit', plan.timeoutMs === undefined ? 'none' : durationWords(plan.timeoutMs)],
    ['Durability', plan.durability],
    ['Plan', code(plan.hash.slice(0, 12))],
  ];
}

function rowOf(step: StepNode): readonly string[] {
  const labels = [...new Set(step.gates.map(({ label }) => label))];
  const undo = callsOf(step).map(([, call]) =>
    call.compensate === 'none' ? '' : call.compensate === 'handler' ? 'undone' : 'irreversible',
  );
  return [
    code(step.id),
    plain(step.description ?? captionOfStep(step)),
    labels.length === 0 ? 'always' : `if ${plain(labels.join(' and '))}`,
    step.owner === undefined ? '' : plain(step.owner),
    [...new Set(undo.filter((word) => word !== ''))].join(', '),
  ];
}

function decisionText({
  approve,
  approvals,
  from = [],
}: DecisionPolicy & Pick<ReviewStep, 'approve'>) {
  const text = approvalText(approve);
  return approvals === undefined
    ? text
    : `${text}, ${approvals} approvals${plain(sharesWords(from))}`;
}

function reviews(plan: Plan, steps: readonly StepNode[]): readonly string[] {
  const { finish } = plan;
  const rows = steps.flatMap((step) => {
    if (step.kind !== 'review') return [];
    const who = step.audience ?? (step.assignTo === undefined ? '' : wiringText(step.assignTo));
    const expires = step.expiresMs === undefined ? 'never' : durationWords(step.expiresMs);
    const rejected = step.onRejected === 'fail' ? 'the run fails' : 'the run goes on';
    return [[code(step.id), decisionText(step), plain(who), expires, rejected]];
  });
  return table(
    ['Review', 'Decides', 'Who', 'Expires', 'If rejected'],
    [
      ...rows,
      [
        'closing review',
        decisionText(finish),
        finish.assignTo === undefined ? '' : code(wiringText(finish.assignTo)),
        finish.expiresMs === undefined ? 'never' : durationWords(finish.expiresMs),
        finish.approve.by === 'automatic' ? '' : 'the run fails',
      ],
    ],
  );
}

function failure(plan: Plan, proofs: PageProofs | null): readonly string[] {
  const stopping =
    plan.stopping === 'drain'
      ? 'Running attempts end first; waits and retries are withdrawn.'
      : `Running attempts are stopped, and cut off after ${durationWords(plan.abortGraceMs)}.`;
  const policy =
    plan.onFailure === 'compensate'
      ? 'Then completed steps are undone, last first.'
      : 'What is done is kept, so that the run can go on where it failed.';
  const told = plan.onFailed === undefined ? '' : ` ${code(plan.onFailed.task)} is told of it.`;
  const rows = (proofs?.undo ?? []).map(({ at, because, undone, perhaps, stay }) => [
    code(at),
    plain(because),
    listed(undone),
    listed(perhaps),
    listed(stay),
  ]);
  const titles = [
    'If it fails at',
    'Because',
    'Undone, in this order',
    'And if complete by then',
    'Stays done',
  ];
  return [
    `${stopping} ${policy}${told}`,
    ...(rows.length === 0 ? [] : ['', ...table(titles, rows)]),
  ];
}

function sensitive(plan: Plan, steps: readonly StepNode[]): readonly string[] {
  const at = (place: string, paths: readonly (readonly string[])[]) =>
    paths.map((path) => `- ${place}: ${path.length === 0 ? 'all of it' : code(path.join('.'))}`);
  const lines = [
    ...at('input of the run', plan.sensitiveInput),
    ...steps.flatMap((step) =>
      callsOf(step).flatMap(([, call]) => [
        ...at(`input of ${code(step.id)}`, call.sensitive.input),
        ...at(`output of ${code(step.id)}`, call.sensitive.output),
      ]),
    ),
    ...at('output of the run', plan.sensitiveOutput),
  ];
  const note = 'They are replaced by `[redacted]` wherever a run is shown.';
  return lines.length === 0 ? ['None is marked as such.'] : [note, '', ...new Set(lines)];
}

function state(plan: Plan): readonly string[] {
  const milestones = plan.nodes.flatMap((node) => (node.kind === 'milestone' ? [node] : []));
  return [
    ...Object.entries(plan.context).map(
      ([key, { reduce, initial }]) =>
        `- context ${code(key)}: begins as ${code(JSON.stringify(initial))}, updates ${code(reduce)}`,
    ),
    ...milestones.map(({ name, after }) => {
      const when = after.length === 0 ? '' : ` after ${listed(after)}`;
      return `- milestone ${code(name)}${when}`;
    }),
  ];
}

const verdicts = {
  holds: 'holds',
  assumed: 'holds if what it assumes does',
  violated: '**violated**',
};

function proofLines({ rules }: PageProofs): readonly string[] {
  const rows = rules.map(({ title, verdict, claim, findings }) => [
    plain(title),
    verdicts[verdict],
    [claim, ...findings].map(plain).join('<br>'),
  ]);
  return table(['Rule', 'Verdict', ''], rows);
}

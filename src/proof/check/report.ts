/** What a check says: per rule whether it holds, is violated, or rests on an assumption; and of what it found, where. */
import type { UndoTable } from './undo-table.ts';

/** `assumed`: it holds if the assumptions among the findings do. */
export type Verdict = 'holds' | 'assumed' | 'violated';

export const ruleIds = [
  'completion-reviewed',
  'protected-steps',
  'states-reachable',
  'no-dead-ends',
  'waits-bounded',
  'failures-routed',
  'loops-bounded',
  'effects-undone',
  'four-eyes',
  'deadlines-feasible',
  'graph-is-machine',
] as const;

/** A rule that is checked of every workflow. */
export type RuleId = (typeof ruleIds)[number];

/** One transition of a counterexample. */
export interface PathMove {
  /** Path of the state that is left: `processing.working.approval.waiting_review`. */
  readonly from: string;
  /** What is received; `null`: the state is left by itself, as soon as its guard holds. */
  readonly event: string | null;
  /** What must hold for it, in words; `null`: nothing. */
  readonly guard: string | null;
  /** `null`: the state stays. */
  readonly to: string | null;
}

/** A path that a drawing can highlight. */
export interface Counterexample {
  readonly moves: readonly PathMove[];
  /** Steps in the order in which the path begins them; `completion` is the closing review, `$start` and `$complete` the ends. */
  readonly steps: readonly string[];
  /** Some of its guards read values that nobody knows before a run: the path is possible only if they hold. */
  readonly guardUnknown: boolean;
}

/**
 * `violation`: the rule does not hold. `assumption`: it holds if this does. `warning` and `note` say what is worth knowing and change no
 * verdict.
 */
export interface Finding {
  readonly kind: 'violation' | 'assumption' | 'warning' | 'note';
  /** Step, or path of the state, that it is about; `null`: the whole workflow. */
  readonly subject: string | null;
  readonly message: string;
  readonly path: Counterexample | null;
}

/** What came of one rule. */
export interface RuleReport {
  readonly rule: RuleId;
  readonly verdict: Verdict;
  /** What holds, or would hold, in one sentence. */
  readonly claim: string;
  readonly findings: readonly Finding[];
}

/** What holds of every run of a workflow, rule by rule. */
export interface CheckReport {
  readonly workflow: string;
  readonly version: number;
  /** Of the plan that was checked. */
  readonly hash: string;
  /** `violated` if one rule is, else `assumed` if one is, else `holds`. */
  readonly verdict: Verdict;
  readonly rules: readonly RuleReport[];
  /** What is undone wherever the workflow may fail. */
  readonly undo: UndoTable;
}

/** What no check of a definition can see. */
export const limits: readonly string[] = [
  'It is about the chart and what the definition declares (guards, effects, compensations, owners); what the code of a task does on its own it does not see.',
  'Guards count as possibly true. What is said to be impossible is impossible; a counterexample marked "possible path, guard unknown" may be excluded by values.',
  'Values are not explored: what depends on an amount being 999 or 1,000 needs a test.',
  'A definition says nothing of a store that was changed by hand; that is what "audit verify" is for.',
];

/** A rule's report, its verdict being what its findings say. */
export function ruleReport(rule: RuleId, claim: string, findings: readonly Finding[]): RuleReport {
  const has = (kind: Finding['kind']) => findings.some((finding) => finding.kind === kind);
  const verdict = has('violation') ? 'violated' : has('assumption') ? 'assumed' : 'holds';
  return { rule, verdict, claim, findings };
}

export function finding(
  kind: Finding['kind'],
  subject: string | null,
  message: string,
  path: Counterexample | null = null,
): Finding {
  return { kind, subject, message, path };
}

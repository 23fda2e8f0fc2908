/** A review put before a person at a terminal: what is to be decided, the question, and the form. */
import type { Waiting } from '../index.ts';
import type { Decision } from '../orchestrator.ts';
import type { JsonSchema } from '../plan/json.ts';
import type { Plan } from '../plan/plan.ts';
import { printable } from './escape.ts';
import { deadline, indented, valueLines } from './format.ts';
import { askUntil, askYesNo, type Prompt } from './prompt.ts';

export interface OpenReview {
  readonly runId: string;
  readonly workflow: string;
  readonly waiting: Waiting;
  /** `null` if the store does not have it. */
  readonly plan: Plan | null;
}

/** An attempt ended without a verdict, and a person is asked whether it took effect. */
export function isInDoubt({ waiting, plan }: OpenReview): boolean {
  if (waiting.step === 'completion') return false;
  return plan?.nodes.some((node) => node.id === waiting.step && node.kind !== 'review') === true;
}

/** Asks for the decision. @returns `null` if the input ends before there is one */
export async function askDecision(
  prompt: Prompt,
  review: OpenReview,
  actor: string,
  nowMs: number,
): Promise<Decision | null> {
  const { waiting } = review;
  prompt.say(['', ...reviewLines(review, nowMs), '']);
  const shown =
    waiting.shownHash === undefined ? { actor } : { actor, shownHash: waiting.shownHash };
  if (isInDoubt(review)) {
    const verdict = await askVerdict(prompt);
    return verdict === null ? null : { ...shown, ...verdict };
  }
  const approved = await askYesNo(prompt, questionOf(review));
  if (approved === null) return null;
  if (!approved.value) return { ...shown, outcome: 'rejected' };
  const form = await askForm(prompt, formOf(review));
  if (form === null) return null;
  return {
    ...shown,
    outcome: 'approved',
    ...(form.value === undefined ? {} : { form: form.value }),
  };
}

function reviewLines(review: OpenReview, nowMs: number): readonly string[] {
  const { runId, workflow, waiting } = review;
  const description = descriptionOf(review);
  return [
    `Review "${printable(waiting.step)}" of run ${printable(runId)} (${printable(workflow)})`,
    ...(description === null || isQuestion(description) ? [] : [printable(description)]),
    ...(waiting.shown == null ? [] : indented(valueLines(waiting.shown))),
    ...(waiting.until === null
      ? []
      : [`Until ${deadline(waiting.until, nowMs)}, then ${waiting.afterwards ?? 'it expires'}`]),
  ];
}

function questionOf(review: OpenReview): string {
  const description = descriptionOf(review);
  return description !== null && isQuestion(description)
    ? description
    : 'Do you approve this action?';
}

const isQuestion = (text: string) => text.endsWith('?');

function nodeOf({ waiting, plan }: OpenReview) {
  return plan?.nodes.find((node) => node.id === waiting.step) ?? null;
}

function descriptionOf(review: OpenReview): string | null {
  return nodeOf(review)?.description ?? null;
}

function formOf(review: OpenReview): JsonSchema {
  const node = nodeOf(review);
  return node?.kind === 'review' ? node.form : {};
}

async function askVerdict(prompt: Prompt): Promise<Pick<Decision, 'outcome' | 'output'> | null> {
  const outcome = await askUntil<Decision['outcome']>(
    prompt,
    'Did it take effect? (happened/did-not-happen/give-up) ',
    (answer) => {
      if (answer === 'happened') return { value: 'happened' };
      if (answer === 'did-not-happen') return { value: 'did_not_happen' };
      if (answer === 'give-up') return { value: 'give_up' };
      return { problem: 'Please answer "happened", "did-not-happen" or "give-up".' };
    },
  );
  if (outcome === null) return null;
  if (outcome.value !== 'happened') return { outcome: outcome.value };
  const output = await askUntil(prompt, 'What did it give? (JSON) ', parseJson);
  return output === null ? null : { outcome: 'happened', output: output.value };
}

/** Asks for what the form requires; the rest has defaults or may be left out. */
async function askForm(
  prompt: Prompt,
  form: JsonSchema,
): Promise<{ readonly value: unknown } | null> {
  const required = Array.isArray(form['required']) ? form['required'].map(String) : [];
  const properties = (form['properties'] ?? {}) as { readonly [name: string]: JsonSchema };
  if (required.length === 0) return { value: undefined };
  const value: Record<string, unknown> = {};
  for (const name of required) {
    const answer = await askField(prompt, name, properties[name] ?? {});
    if (answer === null) return null;
    value[name] = answer.value;
  }
  return { value };
}

function askField(
  prompt: Prompt,
  name: string,
  schema: JsonSchema,
): Promise<{ readonly value: unknown } | null> {
  const choices = Array.isArray(schema['enum']) ? schema['enum'] : null;
  const { type, description } = schema;
  const label = typeof description === 'string' ? `${name} (${description})` : name;
  if (type === 'boolean') return askYesNo(prompt, label);
  const hint = choices === null ? '' : ` [${choices.map(String).join(', ')}]`;
  return askUntil<unknown>(prompt, `${label}${hint}: `, (answer) => {
    if (choices !== null) {
      const chosen = choices.find((choice) => String(choice) === answer);
      return chosen === undefined ? { problem: 'Please answer one of these.' } : { value: chosen };
    }
    if (type === 'string') {
      return answer === '' ? { problem: 'It must not be empty.' } : { value: answer };
    }
    if (type === 'number' || type === 'integer') {
      const isNumber = type === 'integer' ? /^-?\d+$/.test(answer) : isFinite(Number(answer));
      const problem = type === 'integer' ? 'It must be a whole number.' : 'It must be a number.';
      return answer === '' || !isNumber ? { problem } : { value: Number(answer) };
    }
    return parseJson(answer);
  });
}

function parseJson(answer: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: JSON.parse(answer) };
  } catch {
    return { problem: 'It must be JSON, such as {"a": 1}, "text" or 12.' };
  }
}

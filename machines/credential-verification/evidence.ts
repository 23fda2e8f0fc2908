import { z } from 'zod';
import { Licence } from './registries.ts';

/** What one register said; `licence` is `null` if it does not know the number. */
export const Finding = z.object({ state: z.string(), licence: Licence.nullable() });
export type Finding = z.infer<typeof Finding>;

export const Evidence = z.object({
  lines: z.array(z.string()).describe('One for each register, for a person who decides'),
  agreeing: z.array(z.string()).describe('States whose register says the same as the claim'),
  disagreeing: z.array(z.string()).describe('States whose register contradicts the claim'),
  answers: z.int().describe('Registers that answered; not to know a licence is an answer'),
});
export type Evidence = z.infer<typeof Evidence>;

/** Registers whose answers are enough to decide without a person. */
const enoughAnswers = 2;

/**
 * What the registers say of a claim. Not knowing a licence is no contradiction, since not every state licenses everybody.
 *
 * @param findings - by state; `null` where the register could not be asked
 */
export function weigh(
  holder: string,
  findings: readonly (readonly [state: string, finding: Finding | null])[],
): Evidence {
  const isGood = (licence: Licence) => licence.status === 'active' && licence.holder === holder;
  const known = findings.flatMap(([state, finding]) =>
    finding?.licence ? [{ state, isGood: isGood(finding.licence) }] : [],
  );
  return {
    lines: findings.map(([state, finding]) => `${state}: ${wordsOf(finding)}`),
    agreeing: known.filter(({ isGood }) => isGood).map(({ state }) => state),
    disagreeing: known.filter(({ isGood }) => !isGood).map(({ state }) => state),
    answers: findings.filter(([, finding]) => finding !== null).length,
  };
}

function wordsOf(finding: Finding | null): string {
  if (finding === null) return 'no answer';
  const { licence } = finding;
  return licence === null ? 'not known' : `${licence.status}, ${licence.holder}`;
}

/** Enough registers have answered, one of them at least agrees, and none contradicts. */
export function isClear({ agreeing, disagreeing, answers }: Evidence): boolean {
  return answers >= enoughAnswers && agreeing.length > 0 && disagreeing.length === 0;
}

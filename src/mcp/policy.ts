/** What an assistant may decide. */
import type { ReviewDetails } from '../api/reviews.ts';

/** `workflow` stands for all its reviews, `workflow/step` for one, `*` for every review. */
export type DecisionPolicy = readonly string[];

/**
 * Why an assistant may not decide a review, or `null` if it may: a person has to have allowed this review, and nobody decides what they asked
 * for themselves, whatever the workflow says. The service checks everything else.
 */
export function whyNotDecide(
  { workflow, step, requestedBy, kind, mayDecide, whyNot }: ReviewDetails,
  actor: string,
  policy: DecisionPolicy,
): string | null {
  const isAllowed = [workflow, `${workflow}/${step}`, '*'].some((entry) => policy.includes(entry));
  if (!isAllowed) {
    return `No policy lets an assistant decide review "${step}" of "${workflow}"; a person has to, or has to start this server with --may-decide ${workflow}/${step}`;
  }
  if (kind === 'in_doubt') {
    return 'Whether an attempt took effect is known outside only: a person has to look';
  }
  if (requestedBy === actor)
    return `"${actor}" has asked for this run, so somebody else has to decide`;
  return mayDecide ? null : (whyNot ?? 'The service does not let this actor decide');
}

import type { Review } from '../../../api/reviews.ts';

export function addressOfReview({ runId, step }: Pick<Review, 'runId' | 'step'>): string {
  return `/reviews/${encodeURIComponent(runId)}/${encodeURIComponent(step)}`;
}

/** What is asked, in the words of the workflow if it has some. */
export function questionOf({ kind, step, workflow, description }: Review): string {
  if (description !== null && description !== '') return description;
  switch (kind) {
    case 'closing':
      return `Release the result of ${workflow}?`;
    case 'in_doubt':
      return `Did "${step}" take effect?`;
    case 'step':
      return `Review "${step}"`;
    default:
      return kind satisfies never;
  }
}

export type Outcome = 'approved' | 'rejected' | 'happened' | 'did_not_happen' | 'give_up';

/** Of buttons, messages, and the command line. */
export const outcomeWords: Readonly<
  Record<
    Outcome,
    {
      readonly verb: string;
      readonly done: string;
      readonly flag: string;
      readonly colour: string;
      readonly about: string;
    }
  >
> = {
  approved: {
    verb: 'Approve',
    done: 'Approved',
    flag: '--approve',
    colour: 'green',
    about: 'The run goes on.',
  },
  rejected: {
    verb: 'Reject',
    done: 'Rejected',
    flag: '--reject',
    colour: 'red',
    about: 'Say why: whoever asked will read it.',
  },
  happened: {
    verb: 'It took effect',
    done: 'Recorded as having taken effect',
    flag: '--happened',
    colour: 'green',
    about: 'It is not repeated; its result is entered below.',
  },
  did_not_happen: {
    verb: 'It did not',
    done: 'Recorded as not having taken effect',
    flag: '--did-not-happen',
    colour: 'blue',
    about: 'It is run again.',
  },
  give_up: {
    verb: 'Nobody can tell',
    done: 'Given up',
    flag: '--give-up',
    colour: 'red',
    about: 'The step fails.',
  },
};

export function isOutcome(text: string | null): text is Outcome {
  return text !== null && Object.hasOwn(outcomeWords, text);
}

/** Each outcome of following a link, as a page and as JSON. */
import type { RunView } from '../engine/views.ts';
import type { SignalboxError } from '../errors.ts';
import { pageHeaders } from './document.ts';
import type { DecisionResponse } from './exchange.ts';
import type { LinkedReview, OpenReview } from './linked-review.ts';
import { closedText, confirmationPage, decidedPage, noticePage } from './pages.ts';
import type { Submission, Unreadable } from './submission.ts';
import type { Permission } from './token.ts';

export type DecisionAnswer =
  | { readonly kind: 'ask'; readonly permission: Permission; readonly review: OpenReview }
  | { readonly kind: 'decided'; readonly permission: Permission; readonly run: RunView }
  | {
      readonly kind: 'closed';
      readonly permission: Permission;
      readonly linked: Exclude<LinkedReview, { state: 'open' }>;
    }
  | {
      readonly kind: 'invalid';
      readonly permission: Permission;
      readonly review: OpenReview;
      readonly submission: Submission;
      readonly error: SignalboxError;
    }
  | Unreadable
  | {
      readonly kind:
        | 'forged'
        | 'expired'
        | 'gone'
        | 'forbidden'
        | 'counted'
        | 'method'
        | 'unavailable';
    };

interface Notice {
  readonly status: number;
  readonly title: string;
  readonly text: string;
}

const notices = {
  forged: {
    status: 403,
    title: 'This link is not valid',
    text: 'It was damaged or changed on its way. Open it from the original message. Nothing was changed.',
  },
  expired: {
    status: 410,
    title: 'This link has expired',
    text: 'Nothing was changed. If the review is still open, decide it by the dashboard or the command line.',
  },
  gone: {
    status: 410,
    title: 'There is no such run any more',
    text: 'It was removed after it had ended. Nothing was changed.',
  },
  forbidden: {
    status: 403,
    title: 'You may not decide this review',
    text: 'It is assigned to somebody else, or somebody else holds it now. Nothing was changed.',
  },
  counted: {
    status: 409,
    title: 'Your decision counts already',
    text: 'Several people decide this review, and you are one of them. Nothing was changed.',
  },
  method: {
    status: 405,
    title: 'Not possible',
    text: 'A link is opened by GET and decided by POST.',
  },
  too_large: {
    status: 413,
    title: 'Too long',
    text: 'Shorten what you wrote. Nothing was changed.',
  },
  type: {
    status: 415,
    title: 'Not understood',
    text: 'Send a form or application/json. Nothing was changed.',
  },
  unavailable: {
    status: 503,
    title: 'Not possible right now',
    text: 'The decision could not be recorded. Try again in a moment.',
  },
} as const satisfies Record<string, Notice>;

export function toAnswer(answer: DecisionAnswer, isHead: boolean): DecisionResponse {
  const { status, page } = pageOf(answer);
  return { status, headers: headersOf(answer, pageHeaders), body: isHead ? '' : page };
}

function pageOf(answer: DecisionAnswer): { readonly status: number; readonly page: string } {
  switch (answer.kind) {
    case 'ask':
      return { status: 200, page: confirmationPage(answer.review, answer.permission, null) };
    case 'decided':
      return { status: 200, page: decidedPage(answer.run, answer.permission) };
    case 'invalid': {
      const { submission, error } = answer;
      const draft = { sent: submission.sent, problems: problemsOf(error) };
      return { status: 422, page: confirmationPage(answer.review, answer.permission, draft) };
    }
    default: {
      const { status, title, text } = noticeOf(answer);
      return { status, page: noticePage(title, text) };
    }
  }
}

/** Problem details (RFC 9457) for whatever is not a success. */
export function toJsonAnswer(answer: DecisionAnswer): DecisionResponse {
  if (answer.kind === 'decided' || answer.kind === 'ask') {
    const { runId, step, outcome, actor } = answer.permission;
    return json(answer, 200, 'application/json', { runId, step, outcome, actor });
  }
  if (answer.kind === 'invalid') {
    const { message } = answer.error;
    const problems = Object.fromEntries(problemsOf(answer.error));
    return json(answer, 422, 'application/problem+json', {
      title: 'The form is not valid',
      status: 422,
      detail: message,
      problems,
    });
  }
  const { status, title, text } = noticeOf(answer);
  return json(answer, status, 'application/problem+json', { title, status, detail: text });
}

function json(answer: DecisionAnswer, status: number, type: string, body: object) {
  const headers = headersOf(answer, { ...pageHeaders, 'content-type': type });
  return { status, headers, body: `${JSON.stringify(body)}\n` };
}

function headersOf({ kind }: DecisionAnswer, headers: DecisionResponse['headers']) {
  if (kind === 'method') return { ...headers, allow: 'GET, HEAD, POST' };
  return kind === 'unavailable' ? { ...headers, 'retry-after': '5' } : headers;
}

function noticeOf(
  answer: Exclude<DecisionAnswer, { kind: 'ask' | 'decided' | 'invalid' }>,
): Notice {
  if (answer.kind === 'malformed') {
    return { status: 422, title: 'Not understood', text: `${answer.why}. Nothing was changed.` };
  }
  if (answer.kind !== 'closed') return notices[answer.kind];
  const { linked, permission } = answer;
  if (linked.state === 'changed') {
    return {
      status: 409,
      title: 'What this review shows has changed',
      text: 'The link was made for what it showed before. Nothing was changed; decide it by the dashboard or the command line.',
    };
  }
  const isDecided = linked.ending !== null && linked.ending.actor !== null;
  const title = isDecided ? 'Already decided' : 'This review is not open';
  return { status: 409, title, text: closedText(linked.run, permission.step, linked.ending) };
}

/** By name of the field at the top of the form. */
function problemsOf({ details, message }: SignalboxError): ReadonlyMap<string, string> {
  const { issues } = details;
  if (!Array.isArray(issues)) return new Map([['', message]]);
  return new Map(
    issues.map((issue: { path: readonly (string | number)[]; message: string }) => [
      String(issue.path[0] ?? ''),
      issue.message,
    ]),
  );
}

import { digest } from '../engine/canonical.ts';
import { SignalboxError } from '../errors.ts';
import { issuesText } from '../plan/issues.ts';
import type { Json } from '../plan/json.ts';
import { parseSecrets, type Secret } from '../signing.ts';
import { Permission, toToken } from './token.ts';

/** What signs the links, and where they lead. */
export interface DecisionLinksOptions {
  /** At least 32 bytes each. The first one signs; give the handler the one before as well until its links have expired. */
  readonly secrets: readonly Secret[];
  /** Where a decision handler answers, as the reader's browser reaches it: `https://ops.example.com/decide`. */
  readonly url: string;
}

/** Which review a link decides, how, in whose name and until when. */
export interface DecisionLinkRequest {
  readonly runId: string;
  /** Step of the review; `completion` for the closing one. */
  readonly step: string;
  readonly outcome: 'approved' | 'rejected';
  /** Who gets the link. Whoever holds it decides in this name, so give everybody their own. */
  readonly actor: string;
  /** Groups of the actor, for reviews assigned to a group; default: none. */
  readonly groups?: readonly string[];
  /** What the review shows. The link is void for a review that shows anything else; without it, it holds whatever is shown. */
  readonly shown?: Json;
  /** The same by its hash (`waitingOn[].shownHash`), for whoever does not see all of it. */
  readonly shownHash?: string;
  /** When the review opened (`waitingOn[].since`): the link decides that one and none that is asked later, however soon. */
  readonly openedAtMs?: number;
  /** Now. Use the same value in every attempt (`checkpoint`), so that a repeated message is the same message. */
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** Makes links by which a person decides without signing in. */
export interface DecisionLinks {
  /**
   * The address of a page that puts the decision before its reader. It holds for the review that is open when it is issued, once.
   *
   * @throws SignalboxError `INPUT_INVALID`
   */
  urlOf(request: DecisionLinkRequest): string;
}

/**
 * Makes links by which somebody decides one review from a mail or a chat, without signing in.
 *
 * @throws SignalboxError `SECRET_INVALID`; `INPUT_INVALID` if the address is none of http or https
 * @example
 * const links = createDecisionLinks({ secrets: [process.env.LINK_SECRET], url: 'https://ops.example.com/decide' });
 * links.urlOf({ runId, step: 'approval', outcome: 'approved', actor: 'kim@example.com', issuedAtMs, expiresAtMs: issuedAtMs + 86_400_000 });
 */
export function createDecisionLinks({ secrets, url }: DecisionLinksOptions): DecisionLinks {
  const [key] = parseSecrets(secrets, 'decision links');
  const base = URL.parse(url);
  if (base === null || !['http:', 'https:'].includes(base.protocol) || key === undefined) {
    throw new SignalboxError(
      'INPUT_INVALID',
      `"${url}" is not the address of a decision handler; expected http or https`,
    );
  }
  return {
    urlOf({ shown, shownHash, groups = [], ...request }) {
      const permission = Permission.safeParse({
        ...request,
        groups,
        shownHash: shownHash ?? (shown === undefined ? null : digest(shown)),
      });
      if (!permission.success || request.expiresAtMs <= request.issuedAtMs) {
        const issues = permission.error?.issues ?? [];
        throw new SignalboxError(
          'INPUT_INVALID',
          `No link can be made for review "${request.step}" of run "${request.runId}": ${issuesText(issues) || 'it would expire before it is issued'}`,
          { details: { runId: request.runId, step: request.step, issues } },
        );
      }
      const link = new URL(base);
      link.searchParams.set('token', toToken(permission.data, key));
      return link.href;
    },
  };
}

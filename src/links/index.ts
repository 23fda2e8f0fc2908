/** Published as `signalbox/links`: decisions of reviews by a link in a mail or a chat. */
export type { Secret } from '../signing.ts';
export {
  createDecisionLinks,
  type DecisionLinkRequest,
  type DecisionLinks,
  type DecisionLinksOptions,
} from './decision-links.ts';
export type { DecisionRequest, DecisionResponse } from './exchange.ts';
export {
  createDecisionHandler,
  type DecisionHandler,
  type DecisionHandlerOptions,
} from './handler.ts';

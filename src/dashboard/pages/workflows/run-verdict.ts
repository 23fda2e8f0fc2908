import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';

/** What becomes of one unfinished run under another version. */
export type RunVerdict = AnswerOf<typeof api.workflows.verdicts>['runs'][number];

import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';

export type WorkflowDetails = AnswerOf<typeof api.workflows.get>;
export interface TabProps {
  readonly workflow: WorkflowDetails;
}

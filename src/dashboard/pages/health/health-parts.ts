import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';

export type Health = AnswerOf<typeof api.health.get>;

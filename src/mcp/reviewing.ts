/** Tools for reviews: what people are asked, and what an assistant may decide of it. */
import { z } from 'zod';
import { api } from '../api/api.ts';
import { RunId, StepId } from '../api/parts.ts';
import { answered, Refusal } from './answer.ts';
import { destructive, seeing, signal, type Tools } from './calls.ts';
import { type DecisionPolicy, whyNotDecide } from './policy.ts';

export function registerReviewing({ server, client }: Tools, mayDecide: DecisionPolicy): void {
  const { reviews, identity } = client;

  async function actor(): Promise<string> {
    const { caller } = await identity.me({}, { signal: signal() });
    if (caller === null)
      throw new Refusal('The service asks for sign-in: start this server with --token');
    return caller.name;
  }

  async function review(runId: string, step: string) {
    const details = await reviews.get({ params: { runId, step } }, { signal: signal() });
    return { ...details, whyAssistantMayNot: whyNotDecide(details, await actor(), mayDecide) };
  }

  server.registerTool(
    'list_reviews',
    {
      description: api.reviews.list.summary,
      inputSchema: {
        scope: api.reviews.list.query.shape.scope,
        limit: z.number().int().min(1).max(100).default(20),
      },
      annotations: seeing,
    },
    (query) => answered(() => reviews.list({ query }, { signal: signal() })),
  );
  server.registerTool(
    'show_review',
    {
      description: `${api.reviews.get.summary}, and whether this assistant may decide it`,
      inputSchema: { runId: RunId, step: StepId },
      annotations: seeing,
    },
    ({ runId, step }) => answered(() => review(runId, step)),
  );

  const decision = api.reviews.decide.body.shape;
  server.registerTool(
    'decide_review',
    {
      description:
        'Approves or rejects an open review this assistant has been allowed to decide; shownHash comes from show_review, so that what was read is what is decided',
      inputSchema: {
        runId: RunId,
        step: StepId,
        outcome: z.enum(['approved', 'rejected']),
        shownHash: z.string().min(1).max(64),
        form: decision.form.optional(),
        comment: decision.comment.optional(),
      },
      annotations: { ...destructive, idempotentHint: false },
    },
    ({ runId, step, outcome, shownHash, form, comment }) =>
      answered(async () => {
        const { whyAssistantMayNot } = await review(runId, step);
        if (whyAssistantMayNot !== null) throw new Refusal(whyAssistantMayNot);
        const body = {
          outcome,
          shownHash,
          ...(form === undefined ? {} : { form }),
          ...(comment === undefined ? {} : { comment }),
        };
        return reviews.decide({ params: { runId, step }, body }, { signal: signal() });
      }),
  );
}

import { z } from 'zod';
import type { Approve, Builder, ContextTypes } from '../definition/builder-api.ts';
import { defineTask, type Schema, type Task } from '../definition/task.ts';
import type { Duration, Ref, Wire } from '../definition/types.ts';
import {
  type AgentFailures,
  type Answered,
  answeredFields,
  answeredOf,
  begin,
  hasSecrets,
  taskOptionsOf,
} from './agent.ts';
import { Message, ToolAnswer, ToolCall } from './conversation.ts';
import { type AgentContext, converse } from './converse.ts';
import { type AgentDefinition, specOf } from './spec.ts';
import { requireTool } from './tool.ts';
import { refused, ToolUse } from './tool-use.ts';
import { Usage } from './usage.ts';

/** An agent that may propose one call of a tool with effects. */
export interface ProposingAgentDefinition<I extends z.ZodType, A extends Schema, TI, TO>
  extends AgentDefinition<I, A> {
  /** The tool with effects, made by `tool()`. The agent may ask for one call of it. */
  proposes: Task<TI, TO, unknown>;
}

/** The tasks of an agent that acts only with approval; {@link askWithApproval} makes them steps. */
export interface ProposingAgent<in I, out A> {
  readonly name: string;
  readonly tool: string;
  readonly tasks: ProposingTasks<I, A>;
}
interface ProposingTasks<in I, out A> {
  readonly ask: Task<I, Asked, AgentFailures>;
  readonly act: Task<never, unknown, unknown>;
  readonly conclude: Task<Resumption, Answered<A>, AgentFailures>;
}

const Standing = {
  input: z.json(),
  messages: z.array(Message),
  usage: Usage,
  toolUses: z.array(ToolUse),
};
const Proposal = z.object({
  kind: z.literal('needs_approval'),
  ...Standing,
  call: ToolCall,
  answers: z.array(ToolAnswer),
});
type Proposal = z.infer<typeof Proposal>;
type Asked = (Answered<unknown> & { kind: 'answered' }) | Proposal;

const Resumption = z.object({
  proposal: Proposal,
  outcome: z.enum(['approved', 'rejected', 'expired']),
  /** Of the call, if it was approved. */
  result: z.json().optional(),
});
type Resumption = z.infer<typeof Resumption>;

/**
 * An agent with a tool that acts. When the model calls that tool, the agent stops with the call as its output; somebody decides; the tool runs as
 * a step of its own, with its retries and its undo; and the agent goes on with what came of it. {@link askWithApproval} puts it into a workflow.
 *
 * The agent may ask once. What it reads with its other tools it reads without asking.
 *
 * @throws SignalboxError DEFINITION_INVALID as `agent`, and if `proposes` was not made by `tool()`
 */
export function agentWithApproval<I extends z.ZodType, TI, TO, A extends Schema = z.ZodString>(
  definition: ProposingAgentDefinition<I, A, TI, TO>,
): ProposingAgent<z.input<I>, z.output<A>> {
  const { name } = definition;
  const tool = requireTool(name, definition.proposes);
  const answer: z.ZodType = definition.output ?? z.string();
  const spec = specOf(definition, answer, tool);
  const isSensitive = hasSecrets(spec);
  const fields = answeredFields(answer, isSensitive);
  const common = taskOptionsOf(definition);
  const proposal = Proposal.extend({
    call: ToolCall.extend({ name: z.literal(tool.binding.name), input: tool.input }),
    ...(isSensitive && {
      messages: Standing.messages.meta({ sensitive: true }),
      answers: z.array(ToolAnswer).meta({ sensitive: true }),
      toolUses: fields.toolUses,
    }),
  });

  const ask = defineTask({
    ...common,
    input: definition.input,
    output: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('answered'), ...fields }),
      proposal,
    ]),
    run: async (context) => (await begin(spec, context)) as never,
  });
  const conclude = defineTask({
    ...common,
    name: `${name}_conclusion`,
    description: `Goes on as ${name} with what came of its proposal.`,
    input: Resumption.extend({ proposal }),
    output: z.object(fields),
    run: async (context) => answeredOf(await resume(context.input as Resumption, context)),
  });
  // From here on the tool is not offered any more: a workflow has an end.
  const concluding = { ...spec, proposes: null };
  const resume = ({ proposal, outcome, result }: Resumption, context: AgentContext) => {
    const { call, answers, input, messages, usage, toolUses } = proposal;
    const came =
      outcome === 'approved'
        ? { output: result ?? null, failed: false }
        : refused(outcome === 'expired' ? 'Nobody decided in time' : 'A person said no');
    const answer: ToolAnswer = { id: call.id, name: call.name, ...came };
    return converse(concluding, context, {
      input,
      messages: [...messages, { role: 'tool', answers: [...answers, answer] }],
      usage,
      toolUses: [...toolUses, { name: call.name, input: call.input, ...came }],
    });
  };
  return {
    name,
    tool: tool.binding.name,
    tasks: { ask, act: definition.proposes, conclude } as never,
  };
}

/** What the agent is asked, and who decides the call it proposes. */
export interface ApprovalOptions<I> {
  input: Wire<I>;
  /** Who is asked, in words. */
  audience: string;
  /** Until then the call must be decided; it counts as refused afterwards. */
  expires: Duration;
  /** Default `person`; a condition or `automatic` is a policy, recorded as the actor. */
  approve?: Approve;
  assignTo?: Wire<string | readonly string[]>;
}

/**
 * Puts an agent with approval into a workflow. Its steps: `id` (the agent), `id_approval` (the review), `id_action` (the tool), `id_conclusion` (the
 * agent again). The review protects the action, so `signalbox check` proves that the tool runs only once it was approved.
 *
 * @returns the answer, whether or not anything had to be approved; usage covers both parts
 */
export function askWithApproval<I, A, WI, X extends ContextTypes>(
  builder: Builder<WI, X>,
  id: string,
  agent: ProposingAgent<I, A>,
  options: ApprovalOptions<NoInfer<I>>,
): Ref<Answered<A>> {
  const w = builder as unknown as Builder<unknown>;
  const { ask, act, conclude } = agent.tasks as ProposingTasks<unknown, A>;
  const { input, audience, expires, approve, assignTo } = options;
  const asked = w.task(id, ask, { input });
  const concluded = w.choose(`${id}_outcome`, asked, 'kind', {
    answered: (answered) => answered,
    needs_approval: (proposal) => {
      const approval = w.review(`${id}_approval`, {
        description: `May ${agent.name} do this?`,
        audience,
        expires,
        onExpired: 'continue',
        show: proposal.$.call,
        ...(approve !== undefined && { approve }),
        ...(assignTo !== undefined && { assignTo }),
        protects: [`${id}_action`],
      });
      const approved = w.is(approval.$.outcome, 'approved', (outcome) => outcome === 'approved', {
        otherwise: 'The call was not approved.',
      });
      const result = w.task(`${id}_action`, act as Task<unknown, z.core.util.JSONType>, {
        when: approved,
        input: proposal.$.call.$.input,
      });
      return w.task(`${id}_conclusion`, conclude, {
        input: { proposal, outcome: approval.$.outcome, result },
      });
    },
  });
  return concluded as never;
}

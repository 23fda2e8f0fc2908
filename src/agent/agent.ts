import { z } from 'zod';
import { defineTask, type Schema, type Task } from '../definition/task.ts';
import { type AgentContext, converse, type Ending, type Standing } from './converse.ts';
import {
  type AgentDefinition,
  type AgentSpec,
  defaultRetry,
  defaultTimeout,
  specOf,
} from './spec.ts';
import { ToolUse } from './tool-use.ts';
import { BudgetExceeded, noUsage, Usage } from './usage.ts';

/** What an agent's step yields. */
export type Answered<A> = {
  answer: A;
  /** Who answered: the model, or that none was asked. */
  source: string;
  /** The limit of tokens cut the answer off. */
  truncated: boolean;
  usage: Usage;
  /** Calls of tools, in order. */
  toolUses: ToolUse[];
};

/** Declared failures of an agent. */
export type AgentFailures = { budget_exceeded: BudgetExceeded };

/** The fields of {@link Answered}. */
export function answeredFields<A extends z.ZodType>(answer: A, isSensitive: boolean) {
  return {
    answer,
    source: z.string(),
    truncated: z.boolean(),
    usage: Usage,
    toolUses: isSensitive ? z.array(ToolUse).meta({ sensitive: true }) : z.array(ToolUse),
  };
}

/**
 * A step that asks a language model: an ordinary task, to be used in `w.task`. It calls its tools turn by turn until it has an answer.
 *
 * Each turn and each call of a tool is a checkpoint, so an attempt after a crash repeats none that finished. Rate limits, overload and lost
 * connections are tried again by the engine (`retry`, default five attempts from 1 s to 60 s, waiting as long as the provider asks); other
 * refusals fail at once. While text comes in, `heartbeat` is told of it. A `budget` that is used up is the declared failure `budget_exceeded`.
 *
 * Without a provider in the environment the offline model answers: always the same, never asking anybody, named `offline` in `usage`, and its
 * texts begin with `[offline model]`.
 *
 * @throws SignalboxError DEFINITION_INVALID if a tool needs approval or an option is wrong
 * @example
 * const summarise = agent({
 *   name: 'summarise', system: 'You summarise documents in one sentence.', maxTokens: 500, budget: { calls: 1 },
 *   input: z.object({ text: z.string() }), prompt: ({ text }) => `Summarise: ${text}`,
 * });
 * const summary = w.task('summary', summarise, { input: { text } });   // summary.$.answer, summary.$.usage
 */
export function agent<I extends z.ZodType, A extends Schema = z.ZodString>(
  definition: AgentDefinition<I, A>,
): Task<z.input<I>, Answered<z.output<A>>, AgentFailures> {
  const answer: z.ZodType = definition.output ?? z.string();
  const spec = specOf(definition, answer, null);
  const task = defineTask({
    ...taskOptionsOf(definition),
    input: definition.input,
    output: z.object(answeredFields(answer, hasSecrets(spec))),
    run: async (context) => answeredOf(await begin(spec, context)),
  });
  return task as never;
}

/** What is common to all tasks of agents. */
export function taskOptionsOf(definition: AgentDefinition<z.ZodType, Schema>) {
  const { name, description, owner, retry, timeout, heartbeatTimeout, breaker, queue, priority } =
    definition;
  return {
    name,
    description: description ?? `Asks a language model as ${name}.`,
    ...(owner !== undefined && { owner }),
    retry: retry ?? defaultRetry,
    timeout: timeout ?? defaultTimeout,
    ...(heartbeatTimeout !== undefined && { heartbeatTimeout }),
    ...(breaker !== undefined && { breaker }),
    ...(queue !== undefined && { queue }),
    ...(priority !== undefined && { priority }),
    failures: { budget_exceeded: BudgetExceeded },
    // Tools with effects are steps of their own; what an agent does by itself only reads.
    compensate: 'none' as const,
  };
}

export function hasSecrets({ tools, proposes }: AgentSpec): boolean {
  return [...tools.values(), ...(proposes === null ? [] : [proposes])].some(
    ({ call }) => call.sensitive.input.length > 0 || call.sensitive.output.length > 0,
  );
}

export function begin(spec: AgentSpec, context: AgentContext): Promise<Ending> {
  const { input } = context;
  const standing: Standing = {
    input,
    messages: [{ role: 'user', text: spec.prompt(input) }],
    usage: noUsage,
    toolUses: [],
  };
  return converse(spec, context, standing);
}

export function answeredOf(ending: Ending): Answered<unknown> {
  if (ending.kind !== 'answered') throw new Error('An agent without a proposal has ended with one');
  const { answer, source, truncated, usage, toolUses } = ending;
  return { answer, source, truncated, usage, toolUses: [...toolUses] };
}

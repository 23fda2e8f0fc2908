import type { z } from 'zod';
import { contractOf } from '../definition/contract.ts';
import { jsonSchemaOf } from '../definition/json-schema.ts';
import type { Delivery, Retry } from '../definition/policy.ts';
import type { Schema, Task, TaskParts } from '../definition/task.ts';
import { issuesText } from '../plan/issues.ts';
import { definitionInvalid } from '../plan/problem.ts';
import type { OfflineReply, OfflineRequest } from './offline-model.ts';
import { requireTool } from './tool.ts';
import type { Budget, Prices } from './usage.ts';

/** `I`: what the step is given; `A`: the answer. */
export interface AgentDefinition<I extends z.ZodType, A extends Schema> extends Delivery {
  /** Names the handler in stored plans, as the name of a task does. */
  name: string;
  description?: string;
  owner?: string;
  /** Default `llama-3.3-70b-versatile`. The environment may put another in its place; usage tells which one answered. */
  model?: string;
  /** Who the model is and what it is to do: the system prompt. */
  system?: string;
  input: I;
  /** What the model is asked. Default: the input itself if it is a text, otherwise as JSON. */
  prompt?(input: z.output<I>): string;
  /** Of the answer. Default: a text. An answer that does not fit is sent back once, with what is wrong. */
  output?: A;
  /** Made by `tool()`, and without effects: an agent reads by itself, and acts through steps of the workflow. */
  tools?: readonly Task<never, unknown, unknown>[];
  /** Limit of one turn. Default 500. */
  maxTokens?: number;
  temperature?: number;
  budget?: Budget;
  prices?: Prices;
  /** What the offline model does, if no language model is configured. Default: it says so in texts, and makes the plainest answer that fits. */
  offline?(request: OfflineRequest<z.output<I>>): OfflineReply<z.input<A>>;
}

/** A definition with everything filled in that can be. */
export interface AgentSpec {
  readonly name: string;
  readonly model: string;
  readonly system: string;
  readonly prompt: (input: unknown) => string;
  readonly output: z.ZodType;
  readonly outputSchema: object;
  readonly isText: boolean;
  readonly tools: ReadonlyMap<string, TaskParts>;
  /** May be proposed, not called. */
  readonly proposes: TaskParts | null;
  readonly maxTokens: number;
  readonly temperature: number | undefined;
  readonly budget: Budget;
  readonly prices: Prices;
  readonly offline: ((request: OfflineRequest<never>) => OfflineReply<unknown>) | undefined;
}

export const defaultModel = 'llama-3.3-70b-versatile';
const defaultMaxTokens = 500;
/** Rate limits pass within a minute or so. */
export const defaultRetry: Retry = {
  maxAttempts: 5,
  backoff: { kind: 'exponential', initial: '1s', max: '60s' },
};
export const defaultTimeout = '2m';

export function specOf<I extends z.ZodType, A extends Schema>(
  definition: AgentDefinition<I, A>,
  output: z.ZodType,
  proposes: TaskParts | null,
): AgentSpec {
  const { name, model, system, maxTokens, temperature, budget, prices } = definition;
  const outputSchema = jsonSchemaOf(output, 'input');
  const isText = output.def.type === 'string';
  return {
    name,
    model: model ?? defaultModel,
    system: [system, isText ? undefined : formOf(outputSchema)].filter(Boolean).join('\n\n'),
    prompt: (input) => definition.prompt?.(input as z.output<I>) ?? textOf(input),
    output,
    outputSchema,
    isText,
    tools: new Map((definition.tools ?? []).map((tool) => [tool.name, readingTool(name, tool)])),
    proposes,
    maxTokens: maxTokens ?? defaultMaxTokens,
    temperature,
    budget: budget ?? {},
    prices: prices ?? {},
    offline: definition.offline?.bind(definition),
  };
}

function readingTool(agent: string, tool: object): TaskParts {
  const parts = requireTool(agent, tool);
  const place = { task: agent };
  if (!parts.needsApproval && (parts.binding.resources?.size ?? 0) === 0) return parts;
  if (!parts.needsApproval) {
    throw definitionInvalid(
      place,
      `tool "${parts.binding.name}" declares resources, which only steps are given; let it open what it needs by itself`,
    );
  }
  throw definitionInvalid(
    place,
    `tool "${parts.binding.name}" needs approval, so the agent may only propose it; give it to \`agentWithApproval\` as \`proposes\``,
  );
}

function formOf(schema: object): string {
  return `When you answer, answer with JSON that fits this JSON Schema, and with nothing else: ${JSON.stringify(schema)}`;
}

function textOf(input: unknown): string {
  return typeof input === 'string' ? input : JSON.stringify(input);
}

export type ParsedAnswer =
  | { readonly ok: true; readonly answer: unknown }
  | { readonly ok: false; readonly problem: string };

/** Models like to wrap JSON in a fence of Markdown. */
const fenced = /^```(?:json)?\s*\n([\s\S]*?)\n?```$/;

export function parseAnswer(spec: AgentSpec, text: string): ParsedAnswer {
  const trimmed = text.trim();
  if (trimmed === '') return { ok: false, problem: 'it is empty' };
  let answer: unknown = trimmed;
  if (!spec.isText) {
    try {
      answer = JSON.parse(fenced.exec(trimmed)?.[1] ?? trimmed);
    } catch {
      return { ok: false, problem: 'it is not JSON' };
    }
  }
  const parsed = contractOf(spec.output).parse(answer);
  if (parsed.ok) return { ok: true, answer };
  return { ok: false, problem: issuesText(parsed.issues.slice(0, 5)) };
}

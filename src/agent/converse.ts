import type { TaskContext } from '../definition/task.ts';
import { PermanentError } from '../errors.ts';
import type { Message, Model, ToolAnswer, ToolCall, ToolOffer, Turn } from './conversation.ts';
import { endpointOf } from './endpoint.ts';
import { offlineName, offlineSource, offlineTurn } from './offline-model.ts';
import { remoteModel } from './remote-model.ts';
import { type AgentSpec, parseAnswer } from './spec.ts';
import { refused, type ToolUse, useTool } from './tool-use.ts';
import { addTurn, type BudgetExceeded, exceeded, type Usage } from './usage.ts';

export type AgentContext = TaskContext<unknown, { budget_exceeded: BudgetExceeded }>;

/** Where a conversation stands. */
export interface Standing {
  /** What the agent was given first. */
  readonly input: unknown;
  readonly messages: readonly Message[];
  readonly usage: Usage;
  readonly toolUses: readonly ToolUse[];
}

export type Ending =
  | (Answered & { readonly kind: 'answered' })
  | (Standing & {
      readonly kind: 'needs_approval';
      readonly call: ToolCall;
      /** To the other calls of the same turn. */
      readonly answers: readonly ToolAnswer[];
    });

interface Answered {
  readonly answer: unknown;
  readonly source: string;
  readonly truncated: boolean;
  readonly usage: Usage;
  readonly toolUses: readonly ToolUse[];
}

const maxTail = 2_000;
const maxRepairs = 1;

/** Turn by turn until there is an answer, or a call that somebody has to approve. Finished turns and calls are found again by a later attempt. */
export async function converse(
  spec: AgentSpec,
  context: AgentContext,
  from: Standing,
): Promise<Ending> {
  const messages = [...from.messages];
  const toolUses = [...from.toolUses];
  let { usage } = from;
  let repairs = 0;

  for (let number = 1; ; number += 1) {
    const limit = exceeded(usage, spec.budget);
    if (limit !== null) return context.fail('budget_exceeded', limit);
    const turn = await context.checkpoint(`turn:${number}`, () =>
      takeTurn(spec, context, { ...from, messages, usage, toolUses }, number),
    );
    usage = addTurn(usage, turn, spec.prices);
    messages.push({ role: 'assistant', text: turn.text, calls: turn.calls });

    if (turn.calls.length === 0) {
      const parsed = parseAnswer(spec, turn.text);
      if (parsed.ok) {
        const truncated = turn.finish === 'length';
        const source = turn.model === offlineName ? offlineSource : turn.model;
        return { kind: 'answered', answer: parsed.answer, source, truncated, usage, toolUses };
      }
      if (repairs >= maxRepairs || turn.finish === 'length') {
        throw new PermanentError(
          turn.finish === 'length'
            ? `The answer of agent "${spec.name}" does not fit, because it was cut off after ${spec.maxTokens} tokens: ${parsed.problem}`
            : `The answer of agent "${spec.name}" does not fit: ${parsed.problem}`,
        );
      }
      repairs += 1;
      messages.push({
        role: 'user',
        text: `Your answer does not fit: ${parsed.problem}. Answer again.`,
      });
      continue;
    }

    const answers: ToolAnswer[] = [];
    let proposed: ToolCall | null = null;
    for (const [index, call] of turn.calls.entries()) {
      if (proposed === null && isProposal(spec, call)) {
        proposed = call;
        continue;
      }
      const place = `turn:${number}/call:${index + 1}:${call.name}`;
      const result = await context.checkpoint(place, () => answerTo(spec, call, place, context));
      answers.push({ id: call.id, name: call.name, ...result });
      toolUses.push({ name: call.name, input: call.input, ...result });
    }
    if (proposed !== null) {
      return {
        ...from,
        kind: 'needs_approval',
        call: proposed,
        answers,
        messages,
        usage,
        toolUses,
      };
    }
    messages.push({ role: 'tool', answers });
  }
}

/** A call whose input does not fit is no proposal: the model is told, and nobody is bothered with it. */
function isProposal({ proposes }: AgentSpec, call: ToolCall): boolean {
  return call.name === proposes?.binding.name && proposes.binding.input.parse(call.input).ok;
}

async function answerTo(spec: AgentSpec, call: ToolCall, place: string, context: AgentContext) {
  const tool = spec.tools.get(call.name);
  if (tool !== undefined) return useTool(tool, call, place, context);
  if (call.name !== spec.proposes?.binding.name) {
    return refused(`There is no tool "${call.name}" any more, or there never was`);
  }
  const parsed = spec.proposes.binding.input.parse(call.input);
  if (parsed.ok) return refused('Only one such call can be asked for at a time');
  return refused(`The input does not fit: ${parsed.issues[0]?.message ?? ''}`);
}

async function takeTurn(
  spec: AgentSpec,
  context: AgentContext,
  { input, messages, usage, toolUses }: Standing,
  number: number,
): Promise<Turn> {
  const endpoint = endpointOf(process.env, spec.model);
  if (endpoint === null) {
    const first = messages[0];
    const prompt = first?.role === 'user' ? first.text : '';
    return offlineTurn(spec, { input, toolCalls: toolUses }, prompt);
  }
  const { costUsd, tokens } = spec.budget;
  if (costUsd !== undefined && spec.prices[endpoint.model] === undefined) {
    throw new PermanentError(
      `Agent "${spec.name}" has a budget in dollars, and the price of model "${endpoint.model}" is not among its \`prices\``,
    );
  }
  const model: Model = remoteModel(endpoint);
  const turn = await model({
    system: spec.system,
    messages,
    tools: offersOf(spec),
    maxTokens:
      tokens === undefined
        ? spec.maxTokens
        : Math.min(spec.maxTokens, tokens - usage.input_tokens - usage.output_tokens),
    temperature: spec.temperature,
    wantsJson: !spec.isText,
    signal: context.signal,
    onText: (text) => context.heartbeat({ turn: number, text: text.slice(-maxTail) }),
  });
  const { inputTokens, outputTokens } = turn;
  context.log.info(
    { agent: spec.name, model: turn.model, turn: number, inputTokens, outputTokens },
    'the model answered',
  );
  return turn;
}

function offersOf(spec: AgentSpec): ToolOffer[] {
  const tools = [...spec.tools.values(), ...(spec.proposes === null ? [] : [spec.proposes])];
  return tools.map(({ binding, description, call }) => ({
    name: binding.name,
    description: description ?? '',
    input: call.inputSchema,
  }));
}

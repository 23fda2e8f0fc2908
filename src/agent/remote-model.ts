import type { JSONSchema7, ModelMessage } from 'ai';
import { PermanentError, TransientError } from '../errors.ts';
import type { Message, Model, ToolCall, TurnRequest } from './conversation.ts';
import type { Endpoint } from './endpoint.ts';
import { failureOfModel } from './model-failure.ts';

/** An answer longer than this is none. */
const maxCharacters = 1_000_000;

/**
 * A model behind an OpenAI-compatible API. Each call of it is one request, streamed; waiting and trying again is the engine's.
 *
 * @throws TransientError, PermanentError as {@link failureOfModel} says; the reason of `signal` if it was aborted
 */
export function remoteModel(endpoint: Endpoint): Model {
  return async (request) => {
    const sdk = await loadSdk();
    try {
      return await oneTurn(sdk, endpoint, request);
    } catch (error) {
      request.signal.throwIfAborted();
      if (error instanceof PermanentError || error instanceof TransientError) throw error;
      throw failureOfModel(error, endpoint.key);
    }
  };
}

type Sdk = Awaited<ReturnType<typeof importSdk>>;
let loaded: Promise<Sdk> | undefined;

function loadSdk(): Promise<Sdk> {
  loaded ??= importSdk();
  return loaded;
}

async function importSdk() {
  try {
    const [ai, { createOpenAICompatible }] = await Promise.all([
      import('ai'),
      import('@ai-sdk/openai-compatible'),
    ]);
    return { ...ai, createOpenAICompatible };
  } catch (cause) {
    loaded = undefined;
    throw new PermanentError(
      'Asking a language model needs two packages that are not installed: run `npm install ai @ai-sdk/openai-compatible`',
      { cause },
    );
  }
}

async function oneTurn(sdk: Sdk, endpoint: Endpoint, request: TurnRequest) {
  const { jsonSchema, Output, streamText, tool } = sdk;
  const provider = sdk.createOpenAICompatible({
    name: 'signalbox',
    baseURL: endpoint.url,
    includeUsage: true,
    ...(endpoint.key === undefined ? {} : { apiKey: endpoint.key }),
  });
  const { stream } = streamText({
    model: provider(endpoint.model),
    instructions: request.system,
    messages: request.messages.map(toModelMessage),
    // Without `execute` a call ends the turn: tools are run between turns, each under a checkpoint of its own.
    tools: Object.fromEntries(
      request.tools.map(({ name, description, input }) => [
        name,
        tool({ description, inputSchema: jsonSchema(input as JSONSchema7) }),
      ]),
    ),
    maxOutputTokens: request.maxTokens,
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    // Not every server takes both, tools and a promise of JSON.
    ...(request.wantsJson && request.tools.length === 0 ? { output: Output.json() } : {}),
    maxRetries: 0,
    telemetry: { isEnabled: false },
    abortSignal: request.signal,
    onError() {}, // it comes as a part of the stream
  });

  let text = '';
  const calls: ToolCall[] = [];
  let end: { finish: 'stop' | 'length'; inputTokens: number; outputTokens: number } | null = null;
  for await (const part of stream) {
    if (part.type === 'error') throw part.error;
    if (part.type === 'text-delta') {
      text += part.text;
      if (text.length > maxCharacters) {
        throw new PermanentError(`The language model wrote more than ${maxCharacters} characters`);
      }
      request.onText(text);
    } else if (part.type === 'tool-call') {
      const input = JSON.parse(JSON.stringify(part.input ?? null));
      calls.push({ id: part.toolCallId, name: part.toolName, input });
    } else if (part.type === 'finish-step') {
      if (part.finishReason === 'content-filter') {
        throw new PermanentError('The language model refused to answer');
      }
      end = {
        finish: part.finishReason === 'length' ? 'length' : 'stop',
        inputTokens: part.usage.inputTokens ?? 0,
        outputTokens: part.usage.outputTokens ?? 0,
      };
    }
  }
  request.signal.throwIfAborted();
  if (end === null) throw new TransientError('The language model stopped in the middle');
  return { text, calls, model: endpoint.model, ...end };
}

function toModelMessage(message: Message): ModelMessage {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: message.text };
    case 'assistant':
      return {
        role: 'assistant',
        content: [
          ...(message.text === '' ? [] : [{ type: 'text' as const, text: message.text }]),
          ...message.calls.map(({ id, name, input }) => ({
            type: 'tool-call' as const,
            toolCallId: id,
            toolName: name,
            input,
          })),
        ],
      };
    case 'tool':
      return {
        role: 'tool',
        content: message.answers.map(({ id, name, output, failed }) => ({
          type: 'tool-result' as const,
          toolCallId: id,
          toolName: name,
          output: { type: failed ? ('error-json' as const) : ('json' as const), value: output },
        })),
      };
    default:
      return message satisfies never;
  }
}

import { PermanentError } from '../errors.ts';

/** Where a model is asked. */
export interface Endpoint {
  /** Base URL of an OpenAI-compatible API, without `/chat/completions`. */
  readonly url: string;
  readonly key: string | undefined;
  readonly model: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const groq = { url: 'https://api.groq.com/openai/v1', model: 'llama-3.3-70b-versatile' };
const openai = { url: 'https://api.openai.com/v1', model: 'gpt-4o' };

/**
 * The endpoint that the environment names, or `null` if it names none and the offline model answers.
 *
 * `SIGNALBOX_MODEL_URL` (with `SIGNALBOX_MODEL_KEY`) comes first and may be any OpenAI-compatible server. Then `GROQ_API_KEY` and
 * `OPENAI_API_KEY`: with both, the one that has the wanted model; with one, its default stands in for a model it does not have.
 * `SIGNALBOX_MODEL` takes the place of whatever model an agent wants.
 *
 * @throws PermanentError if `SIGNALBOX_MODEL_URL` is no HTTP address
 */
export function endpointOf(environment: Environment, wanted: string): Endpoint | null {
  const given = (name: string) => environment[name]?.trim() || undefined;
  const forced = given('SIGNALBOX_MODEL');
  const url = given('SIGNALBOX_MODEL_URL');
  if (url !== undefined) {
    if (!isHttp(url)) {
      throw new PermanentError(
        'SIGNALBOX_MODEL_URL must be the address of an OpenAI-compatible API, such as http://127.0.0.1:11434/v1',
      );
    }
    return { url, key: given('SIGNALBOX_MODEL_KEY'), model: forced ?? wanted };
  }
  const groqKey = given('GROQ_API_KEY');
  const openaiKey = given('OPENAI_API_KEY');
  const isOpenAi = /^(gpt-[345]|o\d|chatgpt)/.test(forced ?? wanted);
  if (openaiKey !== undefined && (isOpenAi || groqKey === undefined)) {
    return {
      url: openai.url,
      key: openaiKey,
      model: forced ?? (isOpenAi ? wanted : openai.model),
    };
  }
  if (groqKey === undefined) return null;
  return { url: groq.url, key: groqKey, model: forced ?? (isOpenAi ? groq.model : wanted) };
}

function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

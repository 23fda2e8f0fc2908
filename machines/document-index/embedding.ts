import { failureOfStatus, PermanentError, TransientError } from '../../src/index.ts';
import type { Embedder } from './embedder.ts';
import { featureHashing } from './feature-hashing.ts';

/**
 * The embedder the environment asks for: with `EMBEDDING_BASE_URL` and `EMBEDDING_MODEL` (and `EMBEDDING_API_KEY`) a service that speaks the
 * protocol of OpenAI, otherwise the offline one.
 */
export function embedderOf(environment: NodeJS.ProcessEnv): Embedder {
  const baseUrl = environment['EMBEDDING_BASE_URL'];
  const model = environment['EMBEDDING_MODEL'];
  if (baseUrl === undefined && model === undefined) return featureHashing;
  if (baseUrl === undefined || model === undefined) {
    throw new PermanentError('EMBEDDING_BASE_URL and EMBEDDING_MODEL must be set both, or neither');
  }
  return remoteEmbedder(baseUrl, model, environment['EMBEDDING_API_KEY']);
}

function remoteEmbedder(baseURL: string, model: string, apiKey: string | undefined): Embedder {
  return {
    name: model,
    async embed(texts, signal) {
      if (texts.length === 0) return [];
      const { APICallError, embedMany } = await import('ai');
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
      const provider = createOpenAICompatible({
        name: 'embedding',
        baseURL,
        ...(apiKey === undefined ? {} : { apiKey }),
      });
      try {
        const { embeddings } = await embedMany({
          model: provider.embeddingModel(model),
          values: [...texts],
          abortSignal: signal,
          // Whether and when to try again is for the workflow to say.
          maxRetries: 0,
        });
        return embeddings.map((embedding) => Float32Array.from(embedding));
      } catch (error) {
        signal.throwIfAborted();
        if (!APICallError.isInstance(error)) throw error;
        const { statusCode, responseHeaders, message } = error;
        if (statusCode === undefined) {
          throw new TransientError(`The embedding service gave no answer: ${message}`, {
            cause: error,
          });
        }
        throw failureOfStatus(
          statusCode,
          `The embedding service answered ${statusCode}: ${message}`,
          {
            retryAfter: responseHeaders?.['retry-after'] ?? null,
            nowMs: Date.now(),
          },
        );
      }
    },
  };
}

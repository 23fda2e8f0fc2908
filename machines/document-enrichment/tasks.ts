import { z } from 'zod';
import { defineTask } from '../../src/index.ts';
import { downloadText } from '../document-library/download.ts';
import { call } from '../platform.ts';
import { EnrichedEntity, Entity, knowledge } from './knowledge.ts';
import { extractEntities, offlineRules, summarise, titleOf } from './text-rules.ts';

const DocumentText = z.object({ title: z.string(), text: z.string() });
const Source = z.string().describe('Who answered: a model, or rules');

export const ingestDocument = defineTask({
  name: 'ingest_document',
  description: 'Fetches the document from the library.',
  input: z.object({ doc_id: z.string(), url: z.string() }),
  output: DocumentText,
  retry: { maxAttempts: 3 },
  timeout: '30s',
  compensate: 'none',
  async run({ input: { doc_id, url }, signal }) {
    const text = await downloadText(url, signal);
    return { title: titleOf(text) ?? doc_id, text };
  },
});

export const extractKeyEntities = defineTask({
  name: 'extract_entities',
  description: 'Finds the organisations and products that the document speaks of, by rule.',
  input: z.object({ text: z.string() }),
  output: z.object({ entities: z.array(Entity), source: Source }),
  timeout: '30s',
  compensate: 'none',
  async run({ input }) {
    return { entities: [...extractEntities(input.text)], source: offlineRules };
  },
});

export const enrichEntity = defineTask({
  name: 'enrich_entity',
  description: 'Asks the knowledge service what it knows of an entity.',
  input: Entity,
  output: EnrichedEntity,
  // 1, 2, 4 and 8 seconds apart.
  retry: {
    maxAttempts: 5,
    backoff: { kind: 'exponential', initial: '1s', factor: 2, max: '60s' },
  },
  // Shared by all runs: after three failures in a row nobody asks for a minute, then one request finds out.
  breaker: { name: 'knowledge', failureThreshold: 3, resetAfter: '60s' },
  timeout: '10s',
  compensate: 'none',
  async run({ input, idempotencyKey, signal }) {
    return call(knowledge, {
      method: 'POST',
      path: '/enrich',
      body: input,
      idempotencyKey,
      signal,
      answer: EnrichedEntity,
    });
  },
});

export const generateSummary = defineTask({
  name: 'generate_summary',
  description: 'Sums the document up, by rule, with what is known of its entities.',
  input: z.object({
    doc_id: z.string(),
    title: z.string(),
    text: z.string(),
    entities: z.array(EnrichedEntity),
  }),
  output: z.object({
    doc_id: z.string(),
    title: z.string(),
    summary: z.string(),
    entities: z.array(EnrichedEntity),
    source: Source,
  }),
  timeout: '30s',
  compensate: 'none',
  async run({ input: { text, ...document } }) {
    return { ...document, summary: summarise(text, document.entities), source: offlineRules };
  },
});

import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import { enrichEntity, extractKeyEntities, generateSummary, ingestDocument } from './tasks.ts';

export const documentEnrichment = defineWorkflow({
  name: 'document-enrichment',
  version: 1,
  description:
    'A document is read, its entities are found and looked up at an external service, and it is summed up.',
  owner: 'Search',
  input: z.object({
    doc_id: z.string().min(1).max(200),
    url: z.string().max(2_000).describe('A URL, or a path below the address of the library'),
  }),
  // Nothing is done to the world. What has been worked out is kept, and `signalbox retry` goes on from there.
  onFailure: 'keep',
  steps(w) {
    const document = w.task('ingest', ingestDocument, { input: w.input });
    const found = w.task('extract', extractKeyEntities, { input: { text: document.$.text } });
    const entities = w.map('enrich', found.$.entities, { concurrency: 2 }, (entity) =>
      w.task('enrich_entity', enrichEntity, { input: entity }),
    );
    return w.task('summarise', generateSummary, {
      input: {
        doc_id: w.input.$.doc_id,
        title: document.$.title,
        text: document.$.text,
        entities,
      },
    });
  },
});

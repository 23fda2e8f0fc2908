import { z } from 'zod';
import { defineEvent, defineWorkflow } from '../../src/index.ts';
import {
  chunkDocument,
  DocumentEvent,
  deleteFromIndex,
  discardFiles,
  downloadDocument,
  embedChunks,
  keepDeadLetter,
  recordFailure,
  searchIndex,
  upsertToIndex,
} from './tasks.ts';

type Route =
  | { readonly to: 'index'; readonly doc_id: string; readonly url: string }
  | { readonly to: 'delete'; readonly doc_id: string }
  | { readonly to: 'dead_letter'; readonly reason: string };

/** Sent by whoever keeps the documents, whenever one of them has changed. */
export const documentUpdated = defineEvent({ name: 'document-updated', payload: DocumentEvent });

function routeOf({ doc_id, action, url }: DocumentEvent): Route {
  if (action === 'deleted') return { to: 'delete', doc_id };
  if (action !== 'created' && action !== 'updated') {
    return { to: 'dead_letter', reason: `unknown action "${action}"` };
  }
  if (url === undefined) return { to: 'dead_letter', reason: `action "${action}" without a url` };
  return { to: 'index', doc_id, url };
}

export const documentIndex = defineWorkflow({
  name: 'document-index',
  version: 1,
  description:
    'A document that was changed is indexed anew; one that was deleted leaves the index.',
  owner: 'Search',
  input: DocumentEvent,
  startOn: [documentUpdated],
  onFailed: recordFailure,
  steps(w) {
    const route = w.derive('route', w.input, routeOf);
    return w.choose('queue', route, 'to', {
      index(document) {
        const { doc_id, url } = document.$;
        const downloaded = w.task('download', downloadDocument, { input: { doc_id, url } });
        const { file } = downloaded.$;
        const { chunks } = w.task('chunk', chunkDocument, { input: { file } }).$;
        const { vectors, model } = w.task('embed', embedChunks, { input: { file, chunks } }).$;
        const indexed = w.task('upsert', upsertToIndex, {
          input: { doc_id, file, chunks, vectors, model },
        });
        w.task('discard', discardFiles, {
          input: { file, vectors },
          after: [indexed],
          // Files left over are no reason to call an indexed document a failure.
          tolerate: 'any',
        });
        return indexed;
      },
      delete: (document) =>
        w.task('delete', deleteFromIndex, { input: { doc_id: document.$.doc_id } }),
      dead_letter(letter) {
        const kept = w.task('dead_letter', keepDeadLetter, {
          input: { event: w.input, reason: letter.$.reason },
        });
        // The run has done what can be done, so it completes; this says for whoever lists runs that it is no success.
        w.milestone('event_set_aside', { after: [kept] });
        return kept;
      },
    });
  },
});

export const documentSearch = defineWorkflow({
  name: 'document-search',
  version: 1,
  description: 'Finds the parts of the indexed documents that are closest to a question.',
  owner: 'Search',
  input: z.object({
    query: z.string().trim().min(1).max(1_000).describe('A question, or some words'),
    limit: z.int().min(1).max(50).default(3).describe('Matches wanted'),
  }),
  steps: (w) => w.task('search', searchIndex, { input: w.input }),
});

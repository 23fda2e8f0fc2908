import { defineWebhook, onWebhook } from '../../src/index.ts';
import { DocumentEvent } from './tasks.ts';
import { documentIndex } from './workflow.ts';

const changed = onWebhook({
  payload: DocumentEvent,
  workflow: documentIndex,
  input: (event) => event,
});

/** Whoever keeps the documents posts here when one has changed. An action of another name becomes a dead letter. */
export const documentWebhook = defineWebhook({
  name: 'document-updated',
  description: 'A document was created, updated or deleted',
  preset: 'generic',
  secrets: { env: ['DOCUMENTS_WEBHOOK_SECRET', 'DOCUMENTS_WEBHOOK_SECRET_OLD'] },
  events: { created: changed, updated: changed, deleted: changed },
});

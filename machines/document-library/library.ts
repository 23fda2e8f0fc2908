import { readFileSync } from 'node:fs';
import { isMissing } from '../files.ts';
import { type Platform, platformUrl, route } from '../platform.ts';

/** Where the documents are. Without `DOCUMENT_LIBRARY_URL`, a stand-in serves those in the folder `documents`. */
export const documentLibrary: Platform = {
  name: 'document-library',
  urlFrom: 'DOCUMENT_LIBRARY_URL',
  routes: [
    route('GET /documents/:name', (received) => {
      const name = received.param('name');
      const text = textOf(name);
      return text === null
        ? { status: 404, body: { error: `There is no document "${name}"` } }
        : { status: 200, body: text, contentType: 'text/markdown; charset=utf-8' };
    }),
  ],
};

function textOf(name: string): string | null {
  if (!/^[a-z0-9-]{1,100}\.md$/.test(name)) return null;
  try {
    return readFileSync(new URL(`documents/${name}`, import.meta.url), 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Origins a document may be downloaded from: that of the library, and those listed in `DOCUMENT_ORIGINS`, separated by commas. */
export async function documentSources(): Promise<{ base: URL; origins: ReadonlySet<string> }> {
  const base = new URL(await platformUrl(documentLibrary));
  const more = (process.env['DOCUMENT_ORIGINS'] ?? '').split(',').map((origin) => origin.trim());
  return { base, origins: new Set([base.origin, ...more.filter((origin) => origin !== '')]) };
}

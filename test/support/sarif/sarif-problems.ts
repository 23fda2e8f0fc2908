import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** What keeps a document from being SARIF 2.1.0, by the schema of the standard; empty if nothing does. */
export function sarifProblems(document: unknown): readonly ErrorObject[] {
  const schema = readFileSync(new URL('sarif-2.1.0.json', import.meta.url), 'utf8');
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  addFormats.default(ajv);
  const validate = ajv.compile(JSON.parse(schema));
  return validate(document) ? [] : (validate.errors ?? []);
}

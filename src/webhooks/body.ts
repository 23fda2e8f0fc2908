/** The JSON of a signed body, read more strictly than `JSON.parse` does: what two readers may understand differently is refused. */
import { SignalboxError } from '../errors.ts';
import type { Json } from '../plan/json.ts';

/** As deep as any real payload, and far from what exhausts the stack. */
const maxDepth = 64;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws SignalboxError `INPUT_INVALID` saying what is wrong, never quoting the body */
export function parseJsonBody(bytes: Uint8Array): Json {
  if (bytes.byteLength === 0) throw invalid('is empty');
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw invalid('is not UTF-8');
  }
  if (text.startsWith('\ufeff')) throw invalid('begins with a byte order mark');
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('is not JSON');
  }
  const problem = structureProblem(text);
  if (problem !== null) throw invalid(problem);
  return value;
}

function invalid(problem: string): SignalboxError {
  return new SignalboxError('INPUT_INVALID', `The body ${problem}`, {
    hint: 'Send one JSON document in UTF-8',
  });
}

/**
 * What a form carries: its field `payload` as JSON where it has one, as GitHub's and Slack's have; else its fields.
 *
 * @throws SignalboxError `INPUT_INVALID`
 */
export function parseFormBody(bytes: Uint8Array): Json {
  const fields = new URLSearchParams(Buffer.from(bytes).toString('latin1'));
  const payload = fields.get('payload');
  if (payload !== null) return parseJsonBody(Buffer.from(payload));
  if (new Set(fields.keys()).size !== fields.size) throw invalid('has the same field twice');
  return Object.fromEntries(fields);
}

/** @param text - JSON */
function structureProblem(text: string): string | null {
  const open: (Set<string> | null)[] = [];
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : null);
      if (open.length > maxDepth) return `is nested deeper than ${maxDepth} levels`;
    } else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = endOfString(text, index);
      const keys = open.at(-1);
      // in an object, what a colon follows is a key
      if (keys && text[afterBlanks(text, end)] === ':') {
        const key: string = JSON.parse(text.slice(index, end));
        if (keys.has(key)) return 'has the same key twice in one object';
        keys.add(key);
      }
      index = end - 1;
    }
  }
  return null;
}

function afterBlanks(text: string, start: number): number {
  let index = start;
  while (/[ \n\r\t]/.test(text[index] ?? '')) index += 1;
  return index;
}

/** @returns index after its closing quote */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index + 1;
}

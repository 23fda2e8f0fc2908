/** The body of a request as JSON, strictly: whatever two parsers could read in two ways is refused. */
import { SignalboxError } from '../../errors.ts';
import { maxDepth } from '../../plan/json-value.ts';

/**
 * @throws SignalboxError `REQUEST_INVALID` for an empty body, invalid UTF-8, a byte order mark, malformed JSON (RFC 8259), a key that comes twice
 *   in an object, the key `__proto__`, a lone surrogate, and more than 1,000 levels
 */
export function parseBody(bytes: Buffer): unknown {
  if (bytes.byteLength === 0) throw invalid('The body is empty; expected JSON');
  const text = decode(bytes);
  if (text.startsWith('\ufeff')) throw invalid('The body begins with a byte order mark');
  checkKeys(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(`The body is not JSON: ${error instanceof Error ? error.message : ''}`, error);
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw invalid('The body is not UTF-8', error);
  }
}

/**
 * Strings, with the colon after those that are keys, and the signs that open and close. What else there is, `JSON.parse` judges. A string without an
 * end is one too: otherwise each of its quotes would be tried as a beginning, and a body of nothing else would take minutes.
 */
const tokens = /"(?:[^"\\]|\\.)*(?:"(\s*:)?|\\?$)|[{}[\]]/gs;

/** Reads the text once, whether it is JSON or not. */
function checkKeys(text: string): void {
  const open: (Set<string> | null)[] = [];
  for (const [token, colon] of text.matchAll(tokens)) {
    if (token === '{' || token === '[') {
      if (open.length === maxDepth)
        throw invalid(`The body is nested more than ${maxDepth} levels deep`);
      open.push(token === '{' ? new Set() : null);
    } else if (token === '}' || token === ']') open.pop();
    else checkString(token, colon, open.at(-1));
  }
}

/** Half a character: no hash and not every store has a form for it. Only an escape can write it. */
const surrogate = /\\u[dD][89a-fA-F]/;

function checkString(
  token: string,
  colon: string | undefined,
  keys: Set<string> | null | undefined,
): void {
  const text = colon === undefined ? token : token.slice(0, -colon.length);
  if (surrogate.test(text) && !unescaped(text).isWellFormed())
    throw invalid('The body has half a character (a lone surrogate)');
  if (colon !== undefined) checkKey(text, keys);
}

function checkKey(token: string, keys: Set<string> | null | undefined): void {
  const key = unescaped(token);
  if (key === '__proto__') throw invalid('The body has a key "__proto__"');
  if (keys?.has(key) === true)
    throw invalid(`The body has the key ${token.slice(0, 200)} twice in one object`);
  keys?.add(key);
}

function unescaped(token: string): string {
  if (!token.includes('\\')) return token.slice(1, -1);
  try {
    return String(JSON.parse(token));
  } catch {
    // reported once all of it is parsed
    return token;
  }
}

function invalid(message: string, cause?: unknown): SignalboxError {
  return new SignalboxError('REQUEST_INVALID', message, { cause });
}

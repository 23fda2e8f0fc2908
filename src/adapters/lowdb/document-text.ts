/**
 * How a document looks in its file: a first line that vouches for the rest, then the content, one field a line.
 *
 * ```
 * {"kind":"run","crc32":"0a1b2c3d","bytes":1033,"content":
 * { … }
 * }
 * ```
 */
import { crc32 } from 'node:zlib';

export type DocumentKind =
  | 'store'
  | 'run'
  | 'key'
  | 'message'
  | 'result'
  | 'breaker'
  | 'entity'
  | 'plan'
  | 'records';

/** A file that is not what the store wrote. `reason` says from which byte on, where that can be known. */
export class DamagedDocument extends Error {
  override readonly name = 'DamagedDocument';
  readonly path: string;
  readonly reason: string;

  constructor(path: string, reason: string) {
    super(`File "${path}" ${reason}`);
    this.path = path;
    this.reason = reason;
  }
}

const end = '\n}\n';

export function toDocumentText(kind: DocumentKind, content: string): Buffer {
  const rest = Buffer.from(content + end);
  return Buffer.concat([Buffer.from(firstLine(kind, checksum(rest), rest.length)), rest]);
}

function firstLine(kind: string, sum: string, bytes: number): string {
  return `{"kind":"${kind}","crc32":"${sum}","bytes":${bytes},"content":\n`;
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}

/** @throws DamagedDocument */
export function parseDocumentText(kind: DocumentKind, bytes: Buffer, path: string) {
  if (bytes.length === 0) throw new DamagedDocument(path, 'is empty');
  const lineEnd = bytes.indexOf(10) + 1;
  if (
    lineEnd === 0 &&
    bytes.length < 200 &&
    firstLine(kind, '', 0).startsWith(bytes.toString('latin1', 0, 10))
  ) {
    throw new DamagedDocument(path, `ends at byte ${bytes.length}, within its first line`);
  }
  const line = bytes.toString('latin1', 0, Math.min(lineEnd, 200));
  const [, sum = '', length = ''] =
    /^\{"kind":"[a-z]+","crc32":"([0-9a-f]{8})","bytes":([0-9]+),"content":\n$/.exec(line) ?? [];
  if (line !== firstLine(kind, sum, Number(length))) {
    const nul = bytes.indexOf(0);
    throw new DamagedDocument(
      path,
      nul >= 0 ? `has a NUL at byte ${nul}` : `does not begin as a ${kind} does`,
    );
  }
  const expected = lineEnd + Number(length);
  if (bytes.length < expected)
    throw new DamagedDocument(path, `ends at byte ${bytes.length}; expected ${expected} bytes`);
  if (bytes.length > expected)
    throw new DamagedDocument(path, `goes on after byte ${expected}, where it should end`);
  const rest = bytes.subarray(lineEnd);
  if (checksum(rest) !== sum)
    throw new DamagedDocument(
      path,
      `does not match its checksum between byte ${lineEnd} and ${expected}`,
    );
  return JSON.parse(rest.toString('utf8', 0, rest.length - end.length));
}

/** An object with one line for each field. */
export function toLines(fields: object, indent = ''): string {
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${indent}  ${JSON.stringify(name)}: ${JSON.stringify(value)}`],
  );
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

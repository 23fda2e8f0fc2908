/** What failures of one cause have in common. */
import { createHash } from 'node:crypto';

export interface Cause {
  readonly kind: 'failed' | 'stuck' | 'damaged';
  readonly workflow: string | null;
  readonly step: string | null;
  readonly name: string;
  readonly code: string | null;
  readonly message: string;
}

/** 16 hexadecimal digits; the same for failures whose messages differ in ids, numbers, quoted values and addresses only. */
export function fingerprintOf({ kind, workflow, step, name, code, message }: Cause): string {
  const parts = [kind, workflow, step, name, code, patternOf(message)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/** A message without what differs from run to run. */
export function patternOf(message: string): string {
  return message
    .slice(0, 500)
    .replaceAll(/"[^"]*"|'[^']*'/g, '…')
    .replaceAll(/\bhttps?:\/\/\S+/g, '…')
    .replaceAll(/\b[0-9a-f]{8}-?[0-9a-f-]{8,}\b/gi, '…')
    .replaceAll(/\b(?=\w*\d)[\w-]*\d[\w.:-]*/g, '#');
}

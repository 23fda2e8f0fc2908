import { parseSecrets } from '../signing.ts';

/** Of secrets that the sender has made, or that a person had to type: 128 bits if they are random. */
const leastBytes = 16;

export function textKey(use: string): (secret: string) => Uint8Array {
  return (secret) => parseSecrets([secret], use, leastBytes)[0] ?? Buffer.alloc(0);
}

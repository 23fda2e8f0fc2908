import { type RequestOptions, request } from 'node:https';
import { publicLookup } from '../../notify/addresses.ts';

/** Asks an address over HTTPS. Redirects are answers like any other. Rejects if nothing comes, too much, or too slowly. */
export type Download = (
  url: URL,
  limits: { readonly maxBytes: number; readonly timeoutMs: number },
) => Promise<{ readonly status: number; readonly text: string }>;

/** @param options - of the connection; by default private addresses are refused, also those a name points to */
export function createDownload(
  options: Pick<RequestOptions, 'lookup' | 'port' | 'ca'> = { lookup: publicLookup },
): Download {
  return (url, { maxBytes, timeoutMs }) =>
    new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(timeoutMs);
      const asked = request(url, { agent: false, signal, ...options }, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('error', reject);
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.byteLength;
          if (bytes > maxBytes) asked.destroy(new Error(`More than ${maxBytes} bytes came`));
          else chunks.push(chunk);
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
      });
      asked.on('error', reject);
      asked.end();
    });
}

import { type Client, createClient } from '../../client/index.ts';
import type { FoundService } from './find-service.ts';

/** @param headers - sent with every call */
export function clientOf(
  { url, token }: Pick<FoundService, 'url' | 'token'>,
  headers: Readonly<Record<string, string>> = {},
): Client {
  return createClient({ url, headers, ...(token === undefined ? {} : { token }) });
}

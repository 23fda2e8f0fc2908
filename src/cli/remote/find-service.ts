/** The service that a command talks to instead of opening the store itself. */
import { SignalboxError } from '../../errors.ts';
import { findAnnounced } from '../../service/address-file.ts';
import { addressFileOf, type StoreLocation } from '../store-location.ts';

export interface RemoteOptions {
  /** `--url`: the service that is meant, wherever its store is. */
  readonly url: string | undefined;
  readonly token: string | undefined;
}

export interface FoundService {
  readonly url: string;
  readonly token: string | undefined;
  /** It was named by hand; its store is not at hand. */
  readonly isNamed: boolean;
}

const patienceMs = 3_000;

/**
 * The service named by `url`, else the one that says it serves this store and answers there; `null`: nobody serves it.
 *
 * @throws SignalboxError `SERVICE_UNREACHABLE` if one is named and does not answer
 */
export async function findService(
  location: StoreLocation,
  { url, token }: RemoteOptions,
): Promise<FoundService | null> {
  if (url !== undefined) {
    await about(url);
    return { url, token, isNamed: true };
  }
  const file = addressFileOf(location);
  const announced = file === null ? null : await findAnnounced(file);
  if (announced === null) return null;
  try {
    const { instance } = await about(announced.url);
    if (instance === announced.instance) return { url: announced.url, token, isNamed: false };
  } catch {
    // It is starting or has just ended: the store's own lock says whether it may be opened.
  }
  return null;
}

async function about(url: string): Promise<{ readonly instance: string }> {
  try {
    // Loaded here, as the contract of the service is a large part of what a command would load.
    const { createClient } = await import('../../client/index.ts');
    const signal = AbortSignal.timeout(patienceMs);
    return await createClient({ url }).service.about({}, { signal });
  } catch (error) {
    throw new SignalboxError('SERVICE_UNREACHABLE', `No Signalbox service answers at "${url}"`, {
      details: { url },
      hint: 'Start one with "signalbox serve", or leave --url and SIGNALBOX_URL out to open the store itself',
      cause: error,
    });
  }
}

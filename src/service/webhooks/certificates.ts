/** Public keys of certificates, kept for a day: what is in use is asked for once. */
import { type KeyObject, X509Certificate } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { Download } from './download.ts';

export interface Certificates {
  /**
   * Requests for one address wait for one answer.
   *
   * @returns `null` if there is no certificate that holds now
   * @throws what the download throws, and `spend`
   */
  publicKey(url: URL): Promise<KeyObject | null>;
}

const limits = { maxBytes: 16 * 1024, timeoutMs: 5_000 };
const keptForMs = 24 * 60 * 60 * 1000;
/** For a place where none was: one may come to be there. */
const missingForMs = 60_000;

interface Kept {
  readonly key: KeyObject | null;
  readonly untilMs: number;
}

/** @param spend - throws if no more addresses may be asked at the moment; one that had a certificate before is asked all the same */
export function createCertificates(
  download: Download,
  { clock, spend }: { readonly clock: Pick<Clock, 'nowMs'>; readonly spend: () => void },
): Certificates {
  const kept = new Map<string, Kept>();
  const asked = new Map<string, Promise<Kept>>();
  /** Made-up addresses never come here: there is a certificate for a region and a year. */
  const proven = new Set<string>();

  async function ask(url: URL): Promise<Kept> {
    if (!proven.has(url.href)) spend();
    const { status, text } = await download(url, limits);
    const nowMs = clock.nowMs();
    const found = status === 200 ? readCertificate(text, nowMs) : null;
    const fresh = found ?? { key: null, untilMs: nowMs + missingForMs };
    if (found !== null) proven.add(url.href);
    for (const [address, { untilMs }] of kept) if (untilMs <= nowMs) kept.delete(address);
    kept.set(url.href, fresh);
    return fresh;
  }

  return {
    async publicKey(url) {
      const known = kept.get(url.href);
      if (known !== undefined && clock.nowMs() < known.untilMs) return known.key;
      const running = asked.get(url.href) ?? ask(url).finally(() => asked.delete(url.href));
      asked.set(url.href, running);
      return (await running).key;
    },
  };
}

/** @returns `null` if it is none of RSA, or not now */
function readCertificate(pem: string, nowMs: number): Kept | null {
  try {
    const { publicKey, validFromDate, validToDate } = new X509Certificate(pem);
    const untilMs = validToDate.getTime();
    const holds = validFromDate.getTime() <= nowMs && nowMs < untilMs;
    if (!holds || publicKey.asymmetricKeyType !== 'rsa') return null;
    return { key: publicKey, untilMs: Math.min(untilMs, nowMs + keptForMs) };
  } catch {
    return null;
  }
}

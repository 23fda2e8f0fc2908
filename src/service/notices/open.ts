/** Decision links and notices of reviews, as one service has them. */
import { SignalboxError } from '../../errors.ts';
import type { Secret } from '../../signing.ts';
import { publicAddress } from '../http/base-path.ts';
import type { IdentityOptions } from '../identity/options.ts';
import { createLinkSecrets, type LinkSecrets } from '../links/link-secrets.ts';
import type { ServiceParts } from '../parts.ts';
import { type ChannelOptions, notifiersOf } from './channels.ts';
import { createDirectory, type Directory, type DirectoryOptions } from './directory.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type NoticeWorker, startNotices } from './notices.ts';

export interface LinkOptions {
  /** At least 32 bytes each; the first signs. Default: the service draws one and keeps it in its store. */
  readonly secrets?: readonly Secret[];
  /** Of a link, unless its review closes before. Default 259,200,000 (three days). */
  readonly lifetimeMs?: number;
}

/** Who is told of reviews, and how. */
export interface NoticeOptions extends ChannelOptions {
  readonly directory: DirectoryOptions;
  /** Where browsers reach the service, as `https://ops.example.com` or `https://example.com/signalbox`; default: that of the sign-in. */
  readonly publicUrl?: string;
}

export interface NoticeParts {
  readonly secrets: LinkSecrets;
  readonly ledger: Ledger;
  /** `null`: nobody is told. */
  readonly directory: Directory | null;
  /** `null`: nobody is told. */
  start(): NoticeWorker | null;
}

const defaultLifetimeMs = 259_200_000;

/** @throws SignalboxError `INPUT_INVALID`, `SECRET_INVALID` for an address or a secret that is none */
export function openNotices(
  parts: Pick<ServiceParts, 'store' | 'orchestrator' | 'clock' | 'log' | 'basePath'>,
  options: {
    readonly links: LinkOptions;
    readonly notices: NoticeOptions | null;
    readonly identity: IdentityOptions;
  },
): NoticeParts {
  const { notices, identity, links } = options;
  const lifetimeMs = links.lifetimeMs ?? defaultLifetimeMs;
  const secrets = createLinkSecrets(links.secrets, lifetimeMs, parts);
  const ledger = createLedger(parts);
  if (notices === null) return { secrets, ledger, directory: null, start: () => null };
  const publicUrl =
    notices.publicUrl ?? (identity.mode === 'sign-in' ? identity.publicUrl : undefined);
  if (publicUrl === undefined || URL.parse(publicUrl) === null) {
    throw new SignalboxError(
      'INPUT_INVALID',
      'Notices of reviews hold links, so they need the address of the service',
      { hint: 'Give notices.publicUrl, such as https://ops.example.com' },
    );
  }
  const { directory: given, ...channels } = notices;
  for (const one of [...Object.values(given.people ?? {}), ...Object.values(given.groups ?? {})]) {
    // what is wrong with an address shows at the start, not when the first review opens
    notifiersOf(one, channels, parts.clock);
  }
  const directory = createDirectory(given);
  return {
    secrets,
    ledger,
    directory,
    start: () =>
      startNotices(parts, ledger, {
        address: publicAddress(publicUrl, parts.basePath),
        directory,
        channels,
        secrets,
        lifetimeMs,
      }),
  };
}

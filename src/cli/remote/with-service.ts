/** Commands about what only a running service has. */
import { type Client, createClient } from '../../client/index.ts';
import { SignalboxError } from '../../errors.ts';
import type { Cli, Report } from '../cli.ts';
import { parseStoreLocation } from '../store-location.ts';
import { findService } from './find-service.ts';
import { translated } from './remote-orchestrator.ts';

/** @throws SignalboxError `SERVICE_UNREACHABLE` if nobody serves the store */
export async function withService(
  cli: Cli,
  actor: string | null,
  work: (client: Client) => Promise<Report>,
): Promise<void> {
  const { store, url, token } = cli.options;
  const service = await findService(parseStoreLocation(store), { url, token });
  if (service === null) {
    throw new SignalboxError('SERVICE_UNREACHABLE', `Nobody serves "${store}"`, {
      details: { store },
      hint: 'This needs a running service: start one with "signalbox serve"',
    });
  }
  const client = createClient({
    url: service.url,
    ...(service.token === undefined ? {} : { token: service.token }),
    headers: actor === null ? {} : { 'x-signalbox-actor': encodeURIComponent(actor) },
  });
  await cli.report(await cli.orInterrupted(translated(work(client))));
}

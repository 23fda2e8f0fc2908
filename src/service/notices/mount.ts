import type { FastifyInstance } from 'fastify';
import type { Bind } from '../bind.ts';
import type { IdentityOptions } from '../identity/options.ts';
import type { Refusals } from '../identity/refusals.ts';
import { serveLinks } from '../links/serve.ts';
import type { ServiceParts } from '../parts.ts';
import type { NoticeWorker } from './notices.ts';
import { type LinkOptions, type NoticeOptions, openNotices } from './open.ts';

/** Links and notices, for as long as the application runs. */
export async function mountNotices(
  app: FastifyInstance,
  bind: Bind,
  parts: ServiceParts,
  options: {
    readonly identity: IdentityOptions;
    readonly links?: LinkOptions;
    readonly notices?: NoticeOptions;
    readonly refusals: Pick<Refusals, 'note'>;
  },
): Promise<void> {
  const { identity, links = {}, notices = null, refusals } = options;
  const opened = openNotices(parts, { identity, links, notices });
  const { directory } = opened;
  const groupsOf = directory === null ? null : (name: string) => directory.groupsOf(name);
  let worker: NoticeWorker | null = null;
  const send = (runId: string) => worker?.look(runId);
  await serveLinks(app, bind, { ...parts, ...opened, refusals, groupsOf, send });
  worker = opened.start();
  app.addHook('preClose', async () => worker?.close());
}

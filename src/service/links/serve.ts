/** Decision links in the service: pages below `/decide`, without signing in, since the link says who decides. */
import type { FastifyInstance } from 'fastify';
import { api } from '../../api/api.ts';
import { SignalboxError } from '../../errors.ts';
import { createDecisionHandler } from '../../links/handler.ts';
import type { Bind } from '../bind.ts';
import type { Refusals } from '../identity/refusals.ts';
import type { Ledger, Notice } from '../notices/ledger.ts';
import type { ServiceParts } from '../parts.ts';
import type { LinkSecrets } from './link-secrets.ts';

export const decidePath = '/decide';
const maxBodyBytes = 65_536;

export interface LinkParts extends Pick<ServiceParts, 'orchestrator' | 'clock' | 'log' | 'audit'> {
  readonly secrets: LinkSecrets;
  readonly ledger: Pick<Ledger, 'list' | 'again'>;
  /** Sends what is to be sent of a run. */
  readonly send: (runId: string) => void;
  readonly refusals: Pick<Refusals, 'note'>;
  /** The groups of a reader now; `null`: nobody the service knows. Without it, those the link was made with. */
  readonly groupsOf: ((actor: string) => readonly string[] | null) | null;
}

export async function serveLinks(
  app: FastifyInstance,
  bind: Bind,
  parts: LinkParts,
): Promise<void> {
  const { orchestrator, clock, log, secrets, ledger, send, refusals, groupsOf, audit } = parts;

  bind(api.links.notices, async ({ query }) => {
    const { notices, cursor } = await ledger.list(query);
    return { notices: notices.map(toView), cursor };
  });
  bind(api.links.retryNotice, async ({ params: { noticeId } }, { caller }) => {
    const notice = await ledger.again(noticeId);
    if (notice === null) {
      throw new SignalboxError(
        'DELIVERY_NOT_FOUND',
        `There is no notice "${noticeId}" that was given up`,
        { details: { noticeId }, hint: 'List the notices again, with status=failed' },
      );
    }
    await audit.record(caller, 'notice.retried', `notice/${noticeId}`, { runId: notice.runId });
    send(notice.runId);
    return toView(notice);
  });
  bind(api.links.rotate, async (_request, { caller }) => {
    await secrets.rotate();
    await audit.record(caller, 'link_secret.rotated', 'decision-links');
    return undefined;
  });

  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    // read as it is: the handler takes forms and JSON, and says what is wrong with anything else
    scope.addContentTypeParser(
      '*',
      { parseAs: 'string', bodyLimit: maxBodyBytes },
      (_request, body, parsed) => parsed(null, body),
    );
    scope.route<{ Body: string | undefined }>({
      method: ['GET', 'POST'],
      url: decidePath,
      // The link is the credential, there is no cookie to abuse; and its page tells its own origin to nobody, not even to the service.
      config: { isSigned: true },
      schema: { hide: true },
      async handler({ method, url, headers, body, ip }, reply) {
        const handler = createDecisionHandler(orchestrator, {
          secrets: await secrets.current(),
          clock,
          logger: log,
          ...(groupsOf === null ? {} : { groupsOf }),
        });
        const answer = await handler.handle({
          method,
          url,
          contentType: headers['content-type'],
          ...(body === undefined ? {} : { body }),
        });
        if (answer.status === 403) {
          const error = new SignalboxError('FORBIDDEN', 'The link may not decide');
          await refusals.note({ actor: 'anonymous', method, path: decidePath, ip, error });
        }
        return reply.status(answer.status).headers(answer.headers).send(answer.body);
      },
    });
    done();
  });
}

function toView({ issuedAtMs, nextAtMs, owner: _ours, ...notice }: Notice) {
  return {
    ...notice,
    issuedAt: new Date(issuedAtMs).toISOString(),
    nextAt: notice.status === 'sending' ? new Date(nextAtMs).toISOString() : null,
  };
}

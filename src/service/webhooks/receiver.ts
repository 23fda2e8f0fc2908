/** `POST /webhooks/:source`: outside the interface of the service, for its callers sign what they send and nothing else. */
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SignalboxError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { fieldOf, type SignedRequest, type WebhookHeaders } from '../../webhooks/scheme.ts';
import { genuineDeliveries } from './genuine.ts';
import type { Inbox } from './inbox.ts';
import { type BodyLimits, readBody, tooLarge } from './read-body.ts';
import type { SnsDesk } from './sns-desk.ts';
import type { Source, Sources } from './sources.ts';

export interface ReceiverParts {
  readonly sources: Sources;
  readonly inbox: Inbox;
  readonly sns: SnsDesk;
  readonly clock: Clock;
  readonly limits: BodyLimits;
}

/** Of the source in the address; an address is never quoted whole. @throws SignalboxError `WEBHOOK_UNKNOWN`, `WEBHOOK_CLOSED` */
function sourceOf(sources: Sources, name: string): Source {
  const source = sources.get(name);
  if (source === undefined) {
    throw new SignalboxError('WEBHOOK_UNKNOWN', 'There is no source of webhooks at this address');
  }
  if (source.problem === null) return source;
  // why is for those who run the service
  throw new SignalboxError('WEBHOOK_CLOSED', `Source "${name}" is not open`, {
    details: { source: name },
    hint: 'Its operator sees in the list of sources what is missing',
  });
}

export function receiveWebhooks(app: FastifyInstance, parts: ReceiverParts): void {
  const { sources, inbox, sns, clock, limits } = parts;
  void app.register(async (scope) => {
    // the signature is over the bytes: nobody may touch them first
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (request: FastifyRequest, stream: Readable) =>
      readRaw(request, stream, limits, clock),
    );
    scope.post<{ Params: { source: string } }>(
      '/webhooks/:source',
      {
        // longer ones are refused by their header alone
        bodyLimit: limits.maxBytes,
        config: { isSigned: true },
        onError: async (_request, reply) => closeAfter(reply),
      },
      async (request, reply) => {
        const source = sourceOf(sources, request.params.source);
        const signed: SignedRequest = {
          headers: plainHeaders(request),
          body: request.body instanceof Buffer ? request.body : Buffer.alloc(0),
        };
        const { scheme } = source.webhook;
        const deliveries =
          scheme.name === 'sns'
            ? await sns.receive(source, scheme, signed)
            : genuineDeliveries(source, signed, clock.nowMs());
        const challenge = challengeOf(source, deliveries[0]?.payload);
        if (challenge !== null) return reply.send({ challenge });
        // Side by side they share one write; whatever of them is new when the sender repeats itself is accepted then.
        await Promise.all(
          deliveries.map((delivery) => inbox.accept(source.webhook.name, delivery, null)),
        );
        return reply.status(202).send({ status: 'accepted' });
      },
    );
  });
}

async function readRaw(
  { headers }: FastifyRequest,
  stream: Readable,
  limits: BodyLimits,
  clock: Clock,
): Promise<Buffer> {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new SignalboxError('WEBHOOK_INVALID', 'Compressed bodies are not accepted', {
      hint: 'Send the body as it was signed',
    });
  }
  if (Number(headers['content-length'] ?? 0) > limits.maxBytes) throw tooLarge(limits.maxBytes);
  return readBody(stream, limits, clock);
}

/** Some of the body may still be on its way. */
function closeAfter(reply: FastifyReply): void {
  if (!reply.request.raw.complete) void reply.header('connection', 'close');
}

function plainHeaders({ headers }: FastifyRequest): WebhookHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
}

/** Slack asks whether the address is meant for it, and wants to hear its question again. */
function challengeOf({ webhook }: Source, payload: unknown): string | null {
  const isAsked =
    webhook.scheme.name === 'slack' && fieldOf(payload, 'type') === 'url_verification';
  return isAsked ? fieldOf(payload, 'challenge') : null;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whoever calls proves it by a signature: no session and no address of the caller counts. */
    readonly isSigned?: boolean;
  }
}

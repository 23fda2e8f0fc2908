/** Binds calls of the interface to what serves them: caller identified, role checked, request checked, answer checked. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { apiRoot } from '../api/api.ts';
import type { GivenAnswerOf, ParsedOf, Route } from '../api/route.ts';
import type { Caller } from './caller.ts';
import { checkAccepted } from './http/accept.ts';
import type { Answer, Repeats } from './http/repeats.ts';
import type { Guard } from './identity/guard.ts';
import type { SignedIn } from './identity/identity.ts';
import type { Streams } from './streams.ts';

export interface Call {
  /** Somebody of the role the call needs; `anonymous` where it needs none and nobody has signed in. */
  readonly caller: Caller;
  readonly signedIn: SignedIn | null;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Address of the peer. */
  readonly ip: string;
  /** Ends when the caller has hung up, or the service is closing: whoever waits gets an answer at once. */
  readonly signal: AbortSignal;
  /** Header of the answer. */
  setHeader(name: string, value: string): void;
}

export type Bind = <R extends Route>(
  route: R,
  serve: (request: ParsedOf<R>, call: Call) => Promise<GivenAnswerOf<R>> | GivenAnswerOf<R>,
) => void;

const anonymous: Caller = { name: 'anonymous', role: 'viewer', groups: [] };

interface BindParts {
  readonly guard: Guard;
  readonly streams: Streams;
  readonly repeats: Repeats;
}

/** Longest time a timer of Node knows, for streams. */
const endlessMs = 2 ** 31 - 1;

export function createBind(app: FastifyInstance, { guard, streams, repeats }: BindParts): Bind {
  const callers = new WeakMap<object, SignedIn>();
  const underWay = new Set<AbortController>();
  app.addHook('preClose', async () => {
    for (const call of underWay) call.abort();
  });

  return (route, serve) => {
    const { method, path, answer, media } = route;
    const status = route.status ?? (answer === null ? 204 : 200);

    /** Status and text of the answer. */
    async function perform(request: FastifyRequest, reply: FastifyReply, call: Call) {
      const result = await serve(givenIn(request) as never, call);
      void reply.status(status);
      return { status, body: answer === null ? null : textOf(reply, route, result) };
    }

    async function answerRepeatable(
      key: string,
      request: FastifyRequest,
      reply: FastifyReply,
      call: Call,
    ): Promise<FastifyReply> {
      const [address = ''] = request.url.split('?');
      const { isRepetition, ...first } = await repeats.answer(
        { key, caller: call.caller.name, call: `${method} ${address}`, body: request.body },
        () => perform(request, reply, call),
      );
      if (isRepetition) void reply.header('idempotent-replayed', 'true');
      return sendText(reply, route, first);
    }

    app.route({
      method,
      url: `${apiRoot}${path}`,
      config: { route },
      ...(media === 'text/event-stream'
        ? { exposeHeadRoute: false, handlerTimeout: endlessMs }
        : {}),
      schema: schemaOf(route, status),
      // before the body is read
      async onRequest(request) {
        if (answer !== null) checkAccepted(request.headers.accept, media ?? 'application/json');
        const signedIn = await guard.enter(request, route);
        if (signedIn === null) return;
        callers.set(request, signedIn);
        request.caller = signedIn.caller;
      },
      async handler(request, reply) {
        const signedIn = callers.get(request) ?? null;
        await guard.checkScope(signedIn, route, request);
        const aborted = new AbortController();
        underWay.add(aborted);
        reply.raw.once('close', () => {
          underWay.delete(aborted);
          aborted.abort();
        });
        const call: Call = {
          caller: signedIn?.caller ?? anonymous,
          signedIn,
          headers: request.headers,
          ip: request.ip,
          signal: aborted.signal,
          setHeader: (name, value) => void reply.header(name, value),
        };
        const key = request.headers['idempotency-key'];
        if (route.isRepeatable === true && typeof key === 'string')
          return answerRepeatable(key, request, reply, call);
        if (media !== 'text/event-stream')
          return sendText(reply, route, await perform(request, reply, call));
        const stream = streams.open(signedIn);
        reply.raw.once('close', () => stream.end());
        const signal = AbortSignal.any([aborted.signal, stream.signal]);
        const events = await serve(givenIn(request) as never, { ...call, signal });
        // a connection that is kept would hold up the end of the service
        void reply.headers({ 'cache-control': 'no-store', connection: 'close' });
        return reply.type(`${media}; charset=utf-8`).send(stream.of(events as never));
      },
    });
  };
}

function schemaOf({ params, query, body, answer, media, summary }: Route, status: number) {
  return {
    summary,
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { querystring: query }),
    ...(body === undefined ? {} : { body }),
    ...(answer === null || media !== undefined ? {} : { response: { [status]: answer } }),
  };
}

function givenIn({ params, query, body }: FastifyRequest) {
  return { params, query, body };
}

function textOf(reply: FastifyReply, { media }: Route, result: unknown): string {
  return String(media === undefined ? reply.serialize(result) : result);
}

function sendText(reply: FastifyReply, { media }: Route, answer: Answer): FastifyReply {
  void reply.status(answer.status);
  if (answer.body === null) return reply.send();
  return reply
    .type(`${media ?? 'application/json'}; charset=utf-8`)
    .serializer((text: string) => text)
    .send(answer.body);
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The declaration it is bound to. */
    readonly route?: Route;
  }
}

import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ReceivedPost {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the receiver does with the next posts. `drop` takes the post and cuts the connection instead of answering; `silence` never answers. */
export type ReceiverBehaviour =
  | { readonly kind: 'accept' }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | { readonly kind: 'drop' }
  | { readonly kind: 'silence' };

export interface HttpReceiver extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly posts: readonly ReceivedPost[];
  behave(behaviour: ReceiverBehaviour): void;
  close(): Promise<void>;
}

/** A real HTTP server on a free port of this machine that keeps what is posted to it. */
export async function startHttpReceiver(): Promise<HttpReceiver> {
  const posts: ReceivedPost[] = [];
  const sockets = new Set<Socket>();
  let behaviour: ReceiverBehaviour = { kind: 'accept' };
  const server = createServer((request, response) => void receive(request, response));
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    posts.push({ path: request.url ?? '', headers: request.headers, body: await text(request) });
    if (behaviour.kind === 'drop') request.destroy();
    if (behaviour.kind === 'accept') response.writeHead(204).end();
    if (behaviour.kind === 'answer') {
      response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body);
    }
  };
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  const close = () =>
    new Promise<void>((closed) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => closed());
    });
  return {
    url: `http://127.0.0.1:${address.port}`,
    posts,
    behave(next) {
      behaviour = next;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

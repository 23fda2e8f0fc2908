import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body as sent. */
  readonly source: string;
  /** `Message-ID`, with angle brackets. */
  readonly messageId: string | undefined;
}

/**
 * What the server does with the next mails. `refuse` answers the recipient or the mail itself with an SMTP code; `drop` takes the mail and cuts the
 * connection instead of answering, so it is in `mails` though the sender cannot know; `hold` takes it and answers never.
 */
export type SmtpBehaviour =
  | { readonly kind: 'accept' }
  | { readonly kind: 'hold' }
  | { readonly kind: 'refuse'; readonly at: 'recipient' | 'mail'; readonly code: number }
  | { readonly kind: 'drop'; readonly at: 'connection' | 'mail' };

export interface TestSmtpServer extends AsyncDisposable {
  /** `smtp://127.0.0.1:<port>`. */
  readonly url: string;
  /** In order of arrival. */
  readonly mails: readonly ReceivedMail[];
  behave(behaviour: SmtpBehaviour): void;
  close(): Promise<void>;
}

/** A real SMTP server on a port of this machine; port 0 takes a free one. */
export async function startSmtpServer(port = 0): Promise<TestSmtpServer> {
  const mails: ReceivedMail[] = [];
  const sockets = new Set<Socket>();
  let behaviour: SmtpBehaviour = { kind: 'accept' };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };

  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onConnect(_session, callback) {
      if (behaviour.kind === 'drop' && behaviour.at === 'connection') cut();
      else callback();
    },
    onRcptTo(_address, _session, callback) {
      callback(refusal(behaviour, 'recipient'));
    },
    async onData(stream, session, callback) {
      const source = await text(stream).catch(() => null);
      // The client has vanished in the middle of its mail.
      if (source === null) return;
      const refused = refusal(behaviour, 'mail');
      if (refused) return callback(refused);
      const { mailFrom, rcptTo } = session.envelope;
      mails.push({
        from: mailFrom ? mailFrom.address : '',
        to: rcptTo.map(({ address }) => address),
        source,
        messageId: /^message-id:\s*(<[^>]*>)/im.exec(source)?.[1],
      });
      if (behaviour.kind === 'drop') return cut();
      if (behaviour.kind === 'hold') return;
      callback();
    },
  });
  // Clients that vanish are part of the tests.
  server.on('error', () => {});
  server.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((listening) => {
    server.listen(port, '127.0.0.1', listening);
  });

  const close = () => new Promise<void>((closed) => server.close(closed));
  return {
    url: `smtp://127.0.0.1:${portOf(server.server.address())}`,
    mails,
    behave(next) {
      behaviour = next;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function refusal(behaviour: SmtpBehaviour, at: 'recipient' | 'mail'): Error | null {
  if (behaviour.kind !== 'refuse' || behaviour.at !== at) return null;
  return Object.assign(new Error(`Refused with ${behaviour.code}`), {
    responseCode: behaviour.code,
  });
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return address.port;
}

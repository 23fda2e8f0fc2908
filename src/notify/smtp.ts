import { Readable } from 'node:stream';
import type * as NodemailerPackage from 'nodemailer';
import { OutcomeUnknownError, PermanentError, SignalboxError, TransientError } from '../errors.ts';

/** One message, as it is handed to the mail server. */
export interface Mail {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  /** Pictures in `data:` addresses are sent as attachments that the page refers to: mail readers show those, and block the others. */
  readonly html: string;
  /** For readers that show no HTML; default: nothing for them. */
  readonly text?: string;
  /** With angle brackets. Mail systems drop a second mail of the same id as a duplicate. */
  readonly messageId: string;
}

/**
 * Sends one mail by SMTP, once.
 *
 * @param url the server, such as `smtps://user:password@smtp.example.com`
 * @throws SignalboxError `PACKAGE_MISSING` if `nodemailer` is not installed
 * @throws TransientError if the mail was not sent and may be sent later: no connection, or a 4xx reply
 * @throws PermanentError if the server will never take it: a 5xx reply, or an address it cannot use
 * @throws OutcomeUnknownError if the connection was lost between the first byte of the mail and the server's answer
 */
export async function sendMail(mail: Mail, url: string, signal: AbortSignal): Promise<void> {
  const { createTransport } = await loadNodemailer();
  let isUnderWay = false;
  const transport = createTransport({
    url,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
  });
  // The mail is read when the server has answered DATA with "go ahead", not before. From then on only a reply tells what became of it.
  transport.use('stream', ({ message }, done) => {
    if (message) {
      message.processFunc((source) =>
        Readable.from(
          whenRead(source, () => {
            isUnderWay = true;
          }),
          { objectMode: false },
        ),
      );
    }
    done();
  });
  try {
    await transport.sendMail({
      ...mail,
      attachDataUrls: true,
      disableFileAccess: true,
      disableUrlAccess: true,
      signal,
    });
  } catch (error) {
    throw taskError(error, isUnderWay);
  } finally {
    transport.close();
  }
}

async function loadNodemailer(): Promise<Pick<typeof NodemailerPackage, 'createTransport'>> {
  try {
    return await import('nodemailer');
  } catch (cause) {
    throw new SignalboxError('PACKAGE_MISSING', 'E-mail needs a package that is not installed', {
      cause,
      hint: 'Run `npm install nodemailer`',
    });
  }
}

async function* whenRead(source: Readable, begin: () => void): AsyncGenerator<Buffer> {
  begin();
  yield* source;
}

/** Mistakes in the mail or in the account, found before the server is asked. */
const permanentCodes: ReadonlySet<unknown> = new Set(['ECONFIG', 'EENVELOPE', 'EAUTH', 'ENOAUTH']);

function taskError(error: unknown, isUnderWay: boolean): Error {
  if (!(error instanceof Error)) return new PermanentError('Mail was not sent', { cause: error });
  const reply = 'responseCode' in error ? Number(error.responseCode) : 0;
  const text = `Mail was not sent: ${error.message}`;
  // RFC 5321, section 4.2.1: 4yz may be tried again, 5yz may not. A reply is a verdict, also after the mail itself.
  if (reply >= 500) return new PermanentError(text, { cause: error });
  if (reply >= 400) return new TransientError(text, { cause: error });
  if (isUnderWay) {
    return new OutcomeUnknownError(
      `No answer to the mail; it may have been sent: ${error.message}`,
      { cause: error },
    );
  }
  const isPermanent = 'code' in error && permanentCodes.has(error.code);
  return isPermanent
    ? new PermanentError(text, { cause: error })
    : new TransientError(text, { cause: error });
}

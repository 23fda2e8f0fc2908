import { hash } from 'node:crypto';
import { SignalboxError } from '../errors.ts';
import { toMailHtml, toMailText } from './mail-body.ts';
import type { Notifier } from './notifier.ts';
import { sendMail } from './smtp.ts';

/** The mail server, and from whom to whom. */
export interface EmailNotifierOptions {
  /** Of the server: `smtps://user:password@smtp.example.com`. No error repeats it. */
  readonly smtpUrl: string;
  readonly from: string;
  /** One address: an action of a notification may be for its reader alone. */
  readonly to: string;
}

/**
 * Mails a notification, as text and as HTML without pictures. Every attempt has the same Message-ID, made from the notification's id, by which
 * mail systems drop a second copy. Needs the package `nodemailer`.
 *
 * @throws SignalboxError `INPUT_INVALID` for an address that is none
 */
export function createEmailNotifier({ smtpUrl, from, to }: EmailNotifierOptions): Notifier {
  for (const address of [from, to]) {
    // A line break would begin a header of its own.
    if (/^[^\s@<>,;]+@[^\s@<>,;]+$/.test(address)) continue;
    throw new SignalboxError('INPUT_INVALID', `"${address}" is not one e-mail address`);
  }
  const protocol = URL.parse(smtpUrl)?.protocol;
  if (protocol !== 'smtp:' && protocol !== 'smtps:') {
    throw new SignalboxError(
      'INPUT_INVALID',
      'The mail server must be given as smtp:// or smtps://',
    );
  }
  const domain = from.slice(from.lastIndexOf('@') + 1);
  return {
    channel: 'email',
    async notify(notification, { signal = new AbortController().signal } = {}) {
      const messageId = `<${hash('sha256', `${to}\n${notification.id}`).slice(0, 32)}@${domain}>`;
      const mail = {
        from,
        to,
        subject: notification.title.replaceAll(/\s+/g, ' '),
        html: toMailHtml(notification),
        text: toMailText(notification),
        messageId,
      };
      await sendMail(mail, smtpUrl, signal);
      return { channel: 'email', deliveryId: messageId };
    },
  };
}

/** Published as `signalbox/notify`: messages to people, sent from within tasks. */
export { createEmailNotifier, type EmailNotifierOptions } from './email.ts';
export type { Delivery, Notification, NotificationAction, Notifier } from './notifier.ts';
export { createSlackNotifier, toSlackMessage } from './slack.ts';
export { type Mail, sendMail } from './smtp.ts';
export {
  createWebhookNotifier,
  type HttpNotifierOptions,
  type WebhookNotifierOptions,
} from './webhook.ts';

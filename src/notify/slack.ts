import type { Notification, NotificationAction, Notifier } from './notifier.ts';
import { type HttpNotifierOptions, httpNotifier } from './webhook.ts';

/** Limits of Block Kit, in characters and elements (api.slack.com/reference/block-kit/blocks). */
const limits = { header: 150, section: 3_000, field: 2_000, fields: 10, button: 75, actions: 25 };

/**
 * Posts to a Slack incoming webhook, or to anything that takes its format. Actions are buttons that open their link.
 *
 * Slack has no idempotency key: a repeat after a lost answer is a second message with the same links.
 *
 * @throws SignalboxError `INPUT_INVALID` for an address that is none of http or https
 */
export function createSlackNotifier(options: HttpNotifierOptions): Notifier {
  return httpNotifier('slack', options, (notification) => ({
    body: JSON.stringify(toSlackMessage(notification)),
    headers: {},
  }));
}

/** The body of an incoming webhook: `text` for notifications and screen readers, `blocks` for the message. */
export function toSlackMessage({ title, text, facts = [], actions = [] }: Notification) {
  return {
    text: clip(escapeMrkdwn(title), limits.section),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: clip(title, limits.header) } },
      { type: 'section', text: mrkdwn(escapeMrkdwn(text), limits.section) },
      ...(facts.length === 0
        ? []
        : [
            {
              type: 'section',
              fields: facts
                .slice(0, limits.fields)
                .map(({ label, value }) =>
                  mrkdwn(`*${escapeMrkdwn(label)}*\n${escapeMrkdwn(value)}`, limits.field),
                ),
            },
          ]),
      ...(actions.length === 0
        ? []
        : [{ type: 'actions', elements: actions.slice(0, limits.actions).map(toButton) }]),
    ],
  };
}

function toButton({ label, url, style = 'plain' }: NotificationAction, index: number) {
  return {
    type: 'button',
    text: { type: 'plain_text', text: clip(label, limits.button) },
    url,
    action_id: `action-${index + 1}`,
    ...(style === 'plain' ? {} : { style }),
  };
}

function mrkdwn(text: string, most: number) {
  return { type: 'mrkdwn', text: clip(text, most) };
}

/** The three characters that mean something everywhere (api.slack.com/reference/surfaces/formatting, "Escaping text"). */
function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function clip(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}

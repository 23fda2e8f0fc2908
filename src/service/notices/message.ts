/** What somebody is told about an open review. */
import type { NoticeKind } from '../../api/identity.ts';
import type { RunView } from '../../engine/views.ts';
import type { Waiting } from '../../engine/waiting.ts';
import type { Notification, NotificationAction } from '../../notify/notifier.ts';

export interface NoticeText {
  readonly id: string;
  readonly kind: NoticeKind;
  readonly run: Pick<RunView, 'runId' | 'workflow' | 'actor'>;
  readonly waiting: Pick<Waiting, 'step' | 'since' | 'until' | 'afterwards' | 'shown'>;
  /** Of the step; `null`: none. */
  readonly description: string | null;
  readonly actions: readonly NotificationAction[];
}

const titles: { readonly [K in NoticeKind]: (what: string) => string } = {
  opened: (what) => `Please decide: ${what}`,
  reminder: (what) => `Reminder, please decide: ${what}`,
  escalated: (what) => `Escalated to you: ${what}`,
  delegated: (what) => `Delegated to you: ${what}`,
};
const maxShown = 1_500;

export function toNotification(given: NoticeText): Notification {
  const { id, kind, run, waiting, description, actions } = given;
  const shown =
    waiting.shown === undefined || waiting.shown === null ? '' : shownText(waiting.shown);
  return {
    id,
    title: titles[kind](`${waiting.step} of ${run.workflow}`),
    text: [description ?? `A run of "${run.workflow}" waits for a decision.`, shown]
      .filter((part) => part !== '')
      .join('\n\n'),
    facts: [
      { label: 'Run', value: run.runId },
      ...(run.actor === null ? [] : [{ label: 'Requested by', value: run.actor }]),
      { label: 'Waiting since', value: waiting.since },
      ...(waiting.until === null
        ? []
        : [
            {
              label: 'Decide before',
              value: `${waiting.until}; then ${waiting.afterwards ?? 'it is closed'}`,
            },
          ]),
    ],
    actions,
  };
}

function shownText(shown: NonNullable<Waiting['shown']>): string {
  const text = typeof shown === 'string' ? shown : JSON.stringify(shown, null, 2);
  return text.length <= maxShown ? text : `${text.slice(0, maxShown).toWellFormed()}…`;
}

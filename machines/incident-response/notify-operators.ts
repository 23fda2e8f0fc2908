import { z } from 'zod';
import { defineTask, PermanentError, TransientError } from '../../src/index.ts';
import type { Notification } from '../../src/notify/index.ts';
import { Alert, Diagnosis } from './alert.ts';
import { type Channel, configuredChannels } from './channels.ts';

const linkLifetimeMs = 24 * 60 * 60 * 1_000;

const Notice = z.object({ alert: Alert, diagnosis: Diagnosis });

const Delivery = z.object({
  channel: z.string(),
  deliveryId: z.string(),
  to: z.string().describe('In whose name the links decide'),
});

export const notifyOperators = defineTask({
  name: 'notify_operators',
  description:
    'Sends operators the diagnosis with links to approve or reject it, by every channel that is set up; undone by telling them that nothing is to be decided any more.',
  input: Notice,
  output: z.discriminatedUnion('status', [
    z.object({ status: z.literal('sent'), deliveries: z.array(Delivery) }),
    z.object({ status: z.literal('skipped'), reason: z.string() }),
  ]),
  retry: {
    maxAttempts: 4,
    backoff: { kind: 'exponential', initial: '2s', max: '60s', jitter: 'full' },
  },
  timeout: '60s',
  async run({ input, run, idempotencyKey, signal, log, ...attempt }) {
    const configured = configuredChannels();
    if (configured === null) return { status: 'skipped', reason: 'No channel is configured.' };
    const { channels, links } = configured;
    // Recorded once: every attempt sends the same links.
    const issuedAtMs = await attempt.checkpoint('issued', async () => Date.now());
    const deliveries = await deliverAll(channels, ({ actor, notifier }) => {
      const urlOf = (outcome: 'approved' | 'rejected') =>
        links.urlOf({
          runId: run.runId,
          step: 'approval',
          outcome,
          actor,
          shown: input.diagnosis,
          issuedAtMs,
          expiresAtMs: issuedAtMs + linkLifetimeMs,
        });
      const notification = approvalNeeded(idempotencyKey, input, run.runId, urlOf);
      // What one channel has taken is not sent again when another fails.
      return attempt.checkpoint(`${notifier.channel} ${actor}`, async () => ({
        ...(await notifier.notify(notification, { signal })),
        to: actor,
      }));
    });
    log.info({ deliveries: deliveries.length }, 'operators notified');
    return { status: 'sent', deliveries };
  },
  async compensate({ input: { alert }, output, idempotencyKey, signal }) {
    const configured = output.status === 'sent' ? configuredChannels() : null;
    if (configured === null) return;
    await deliverAll(configured.channels, ({ notifier }) =>
      notifier.notify(
        {
          id: idempotencyKey,
          title: `No approval needed any more: ${alert.device_id}`,
          text: 'The incident was stopped. The links sent before have no effect.',
        },
        { signal },
      ),
    );
  },
});

function approvalNeeded(
  id: string,
  { alert, diagnosis }: z.infer<typeof Notice>,
  runId: string,
  urlOf: (outcome: 'approved' | 'rejected') => string,
): Notification {
  return {
    id,
    title: `Approval needed: ${alert.device_id}`,
    text: `${diagnosis.summary}\n\nDo you approve this action?`,
    facts: [
      { label: 'Device', value: alert.device_id },
      { label: 'Error', value: alert.error },
      { label: 'Action', value: diagnosis.action },
      { label: 'Run', value: runId },
    ],
    actions: [
      { label: 'Approve', url: urlOf('approved'), style: 'primary' },
      { label: 'Reject', url: urlOf('rejected'), style: 'danger' },
    ],
  };
}

/** Tries every channel; throws at the end if one failed, so that the mail goes out although the chat is down. */
async function deliverAll<T>(
  channels: readonly Channel[],
  deliver: (channel: Channel) => Promise<T>,
): Promise<T[]> {
  const delivered: T[] = [];
  const failures: { readonly channel: string; readonly error: unknown }[] = [];
  for (const channel of channels) {
    try {
      delivered.push(await deliver(channel));
    } catch (error) {
      failures.push({ channel: channel.notifier.channel, error });
    }
  }
  if (failures.length === 0) return delivered;
  const text = failures.map(({ channel, error }) => `${channel}: ${messageOf(error)}`).join('; ');
  const cause = failures[0]?.error;
  // A repeat cannot help a channel that refuses for good; another one may still be saved by it.
  throw failures.some(({ error }) => !(error instanceof PermanentError))
    ? new TransientError(`Not everybody was notified: ${text}`, { cause })
    : new PermanentError(`Not everybody was notified: ${text}`, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

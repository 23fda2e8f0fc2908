/** Receives messages of Amazon SNS: asks for the certificate they are signed with, and confirms subscriptions to the topics that are listened to. */
import { SignalboxError } from '../../errors.ts';
import { textOf } from '../../plan/json-value.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { SignedRequest } from '../../webhooks/scheme.ts';
import type { SnsScheme } from '../../webhooks/sns.ts';
import { parseSnsMessage } from '../../webhooks/sns-message.ts';
import { confirmationAddress } from '../../webhooks/sns-topic.ts';
import { createCertificates } from './certificates.ts';
import type { Download } from './download.ts';
import { type GenuineDelivery, genuineDeliveries } from './genuine.ts';
import type { Source } from './sources.ts';

export interface SnsDesk {
  /**
   * Nothing, if the message is about the subscription alone and that is settled.
   *
   * @throws SignalboxError `WEBHOOK_UNSIGNED`; `SENDER_UNAVAILABLE` if SNS could not be asked: it sends the message again
   */
  receive(
    source: Source,
    scheme: SnsScheme,
    request: SignedRequest,
  ): Promise<readonly GenuineDelivery[]>;
}

const confirmLimits = { maxBytes: 64 * 1024, timeoutMs: 10_000 };
/** Whoever sends made-up messages makes nobody else busy with them. */
const maxAskedInWindow = 20;
const windowMs = 60_000;

export function createSnsDesk({
  download,
  clock,
  log,
}: {
  readonly download: Download;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Logger;
}): SnsDesk {
  let windowStartMs = Number.NEGATIVE_INFINITY;
  let asked = 0;

  function spend(): void {
    const nowMs = clock.nowMs();
    if (nowMs - windowStartMs >= windowMs || nowMs < windowStartMs) {
      windowStartMs = nowMs;
      asked = 0;
    }
    asked += 1;
    if (asked > maxAskedInWindow) throw unavailable('It was asked too often within a minute');
  }

  const ask: Download = async (url, limits) => {
    const answer = await download(url, limits).catch((error: unknown) => {
      throw unavailable(`${url.host} could not be reached: ${textOf(error)}`, error);
    });
    if (answer.status >= 500 || answer.status === 429)
      throw unavailable(`${url.host} answered with ${answer.status}`);
    return answer;
  };
  const certificates = createCertificates(ask, { clock, spend });

  async function withKey(
    source: Source,
    scheme: SnsScheme,
    request: SignedRequest,
  ): Promise<SignedRequest> {
    const address = scheme.certificateOf(request, source.keys, clock.nowMs());
    // what is wrong with it is said by whoever verifies it
    if (!(address instanceof URL)) return request;
    const publicKey = await certificates.publicKey(address);
    return publicKey === null ? request : { ...request, publicKey };
  }

  async function confirm(source: Source, { body }: SignedRequest): Promise<boolean> {
    const message = parseSnsMessage(body);
    if (message?.Type !== 'SubscriptionConfirmation') return false;
    const { TopicArn: topic } = message;
    const address = confirmationAddress(message);
    if (address === null)
      throw new SignalboxError(
        'WEBHOOK_INVALID',
        'SubscribeURL is not an address of SNS that confirms a subscription to the topic',
      );
    spend();
    const { status } = await ask(address, confirmLimits);
    if (status !== 200) throw unavailable(`The confirmation was answered with ${status}`);
    log.info({ source: source.webhook.name, topic }, 'a subscription was confirmed');
    return true;
  }

  return {
    async receive(source, scheme, request) {
      const known = await withKey(source, scheme, request);
      const deliveries = genuineDeliveries(source, known, clock.nowMs());
      return (await confirm(source, known)) ? [] : deliveries;
    },
  };
}

function unavailable(message: string, cause?: unknown): SignalboxError {
  return new SignalboxError('SENDER_UNAVAILABLE', `SNS cannot be asked now. ${message}`, { cause });
}

/**
 * Tells people of reviews they may decide: when one opens, when it is reminded of, when it is escalated or delegated to them. Reviews stand in the store, and so
 * does what was sent, so that a crash loses no notice. One that was sent when the crash came is sent again, the same to the byte, and dropped by its id.
 *
 * Unlike webhooks that go out, the text of a notice is never stored: its links decide in the name of their reader.
 */

import type { NoticeKind } from '../../api/identity.ts';
import { digest } from '../../engine/canonical.ts';
import type { RunView } from '../../engine/views.ts';
import { OutcomeUnknownError, TransientError } from '../../errors.ts';
import { createDecisionLinks } from '../../links/decision-links.ts';
import type { NotificationAction, Notifier } from '../../notify/notifier.ts';
import type { Plan } from '../../plan/plan.ts';
import { createLanes } from '../lanes.ts';
import type { LinkSecrets } from '../links/link-secrets.ts';
import { decidePath } from '../links/serve.ts';
import type { ServiceParts } from '../parts.ts';
import { type OpenReview, openReviews } from '../reviews/standing.ts';
import { type ChannelOptions, notifiersOf } from './channels.ts';
import type { Directory, Recipient } from './directory.ts';
import { type Ledger, type Notice, type NoticeOf, noChannel } from './ledger.ts';
import { toNotification } from './message.ts';

export interface NoticeSettings {
  /** Where browsers reach the service, without a slash at its end. */
  readonly address: string;
  readonly directory: Directory;
  readonly channels: ChannelOptions;
  readonly secrets: LinkSecrets;
  /** Of a link, unless the review closes before. */
  readonly lifetimeMs: number;
}

export interface NoticeWorker {
  /** Looks at the reviews of a run again. */
  look(runId: string): void;
  /** Resolves when nothing is to be done right now. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

const scanEveryMs = 600_000;
const pageSize = 1_000;
/** After an error of the store. */
const againAfterMs = 60_000;
/** For one attempt. */
const timeoutMs = 30_000;
/** What is being sent when the service closes has this time to be taken. */
const closingMs = 1_000;
/** Runs looked at side by side. */
const maxLooks = 4;
/** Notices sent side by side; of one mail server, of one address of any other channel. */
const maxSending = 32;
const maxMails = 4;
const maxOfOne = 1;
const mailLane = 'email';

export function startNotices(
  parts: Pick<ServiceParts, 'orchestrator' | 'clock' | 'log'>,
  ledger: Ledger,
  settings: NoticeSettings,
): NoticeWorker {
  const { orchestrator, clock, log } = parts;
  const { directory, channels } = settings;
  const waiting = new Set<string>();
  const underWay = new Set<Promise<void>>();
  let looks = 0;
  /** Runs of which something may be to be sent, by where it goes: a channel that does not answer keeps no other waiting. */
  const lanes = createLanes((lane) => (lane === mailLane ? maxMails : maxOfOne));
  let sending = 0;
  const timers = new Map<string, { readonly dueMs: number; readonly cancel: () => void }>();
  /** Notices that are being sent; a clock that jumps must not begin them twice. */
  const inHand = new Set<string>();
  const closing = new AbortController();
  const cutOff = new AbortController();
  /** By name, those known at the last look. */
  let asking = new Map<string, boolean>();

  /** @throws of the orchestrator and the store */
  async function tell(runId: string): Promise<void> {
    const run = await orchestrator.get(runId);
    for (const review of openReviews(run)) {
      for (const { lane } of waysOf(review)) lanes.add(lane, runId);
      await noteUnreachable(run, review);
    }
    sendNext();
  }

  function* waysOf(review: OpenReview) {
    for (const recipient of recipientsOf(review, directory)) {
      const { name, isPerson, address } = recipient;
      for (const notifier of notifiersOf(address, channels, clock)) {
        const { channel } = notifier;
        const own = JSON.stringify([channel, isPerson, name]);
        yield { recipient, notifier, lane: channel === 'email' ? mailLane : own };
      }
    }
  }

  function sendNext(): void {
    while (sending < maxSending && !closing.signal.aborted) {
      const next = lanes.next();
      if (next === null) return;
      const { lane, key: runId } = next;
      sending += 1;
      const sent = tellBy(lane, runId)
        .catch((error: unknown) => notNow(error, runId))
        .finally(() => {
          underWay.delete(sent);
          lanes.done(lane);
          sending -= 1;
          sendNext();
        });
      underWay.add(sent);
    }
  }

  /** Of the run as it is now: the turn of the lane may have come late. */
  async function tellBy(wanted: string, runId: string): Promise<void> {
    const run = await orchestrator.get(runId);
    for (const review of openReviews(run)) {
      for (const { lane, recipient, notifier } of waysOf(review)) {
        if (lane === wanted) await tellOne(run, review, recipient, notifier);
      }
    }
  }

  function notNow(error: unknown, runId: string): void {
    log.error({ err: error, runId }, 'nobody could be told of a review');
    later(runId, againAfterMs);
  }

  /** A review that nobody hears of is no silent matter: it stands among the notices that were given up. */
  async function noteUnreachable({ runId }: RunView, review: OpenReview): Promise<void> {
    const { step, since } = review;
    for (const { names, kind } of audiencesOf(review)) {
      const isReached = directory
        .recipientsOf(names)
        .filter(({ name }) => !review.review.excluded.includes(name))
        .some(({ address }) => notifiersOf(address, channels, clock).length > 0);
      if (isReached) continue;
      const recipient = names.join(', ').slice(0, 200);
      const of = { runId, step, recipient, channel: noChannel, kind };
      const error = 'None of these is a person or group with an address who may decide';
      if (await ledger.unreachable(idOf([runId, step, since, kind, ...names]), of, error))
        log.warn(of, 'nobody could be told of a review');
    }
  }

  async function tellOne(
    run: RunView,
    review: OpenReview,
    recipient: Recipient,
    notifier: Notifier,
  ): Promise<void> {
    if (closing.signal.aborted) return;
    const { runId } = run;
    const { step, since } = review;
    const { kind, occasion } = occasionOf(review, recipient, directory);
    const { name, isPerson } = recipient;
    const id = idOf([runId, step, since, name, isPerson, notifier.channel, ...occasion]);
    const of = { runId, step, recipient: name, channel: notifier.channel, kind };
    if (inHand.has(id)) return;
    inHand.add(id);
    try {
      await send(id, of, run, review, recipient, notifier);
    } finally {
      inHand.delete(id);
    }
  }

  async function send(
    id: string,
    of: NoticeOf,
    run: RunView,
    review: OpenReview,
    recipient: Recipient,
    notifier: Notifier,
  ): Promise<void> {
    const { runId, step } = of;
    const notice = await ledger.claim(id, of);
    if (notice === null) return;
    if ('waitMs' in notice) return later(runId, notice.waitMs);
    const notification = toNotification({
      id,
      kind: notice.kind,
      run,
      waiting: review,
      description: descriptionOf(run, step),
      actions: await actionsOf(run, review, recipient, notice),
    });
    try {
      const signal = AbortSignal.any([cutOff.signal, AbortSignal.timeout(timeoutMs)]);
      await notifier.notify(notification, { signal });
    } catch (error) {
      const mayPass = error instanceof TransientError || error instanceof OutcomeUnknownError;
      const message = error instanceof Error ? error.message : String(error);
      const nextAtMs = await ledger.failed(id, {
        error: message,
        isForGood: !mayPass,
        retryAfterMs: error instanceof TransientError ? error.retryAfterMs : undefined,
      });
      log.warn({ ...of, err: error, retries: nextAtMs !== null }, 'notice not sent');
      if (nextAtMs !== null) later(runId, nextAtMs - clock.nowMs());
      return;
    }
    await ledger.sent(id);
    log.info({ ...of }, 'notice sent');
  }

  async function actionsOf(
    { runId }: RunView,
    { step, since, shownHash, until, review }: OpenReview,
    { name, isPerson }: Recipient,
    { issuedAtMs }: Notice,
  ): Promise<readonly NotificationAction[]> {
    const page = `${settings.address}/reviews/${encodeURIComponent(runId)}/${encodeURIComponent(step)}`;
    const open: NotificationAction = { label: 'Open', url: page };
    if (!isPerson || review.kind === 'in_doubt') return [open];
    const links = createDecisionLinks({
      secrets: await settings.secrets.current(),
      url: `${settings.address}${decidePath}`,
    });
    const endMs = until === null ? Number.POSITIVE_INFINITY : Date.parse(until);
    const expiresAtMs = Math.min(issuedAtMs + settings.lifetimeMs, endMs);
    if (expiresAtMs <= issuedAtMs) return [open];
    const permission = {
      runId,
      step,
      actor: name,
      groups: (directory.groupsOf(name) ?? []).slice(0, 20),
      shownHash,
      issuedAtMs,
      expiresAtMs,
      openedAtMs: Date.parse(since),
    };
    return [
      {
        label: 'Approve',
        style: 'primary',
        url: links.urlOf({ ...permission, outcome: 'approved' }),
      },
      {
        label: 'Reject',
        style: 'danger',
        url: links.urlOf({ ...permission, outcome: 'rejected' }),
      },
      open,
    ];
  }

  function descriptionOf({ workflow, version }: RunView, step: string): string | null {
    const found = orchestrator.workflows.find(
      (one) => one.name === workflow && one.version === version,
    );
    return found?.plan.nodes.find(({ id }) => id === step)?.description ?? null;
  }

  function later(runId: string, delayMs: number): void {
    if (closing.signal.aborted) return;
    const dueMs = clock.nowMs() + Math.max(0, delayMs);
    const known = timers.get(runId);
    if (known !== undefined && known.dueMs <= dueMs) return;
    known?.cancel();
    const cancel = clock.after(Math.max(0, delayMs), () => {
      timers.delete(runId);
      add(runId);
    });
    timers.set(runId, { dueMs, cancel });
  }

  function add(runId: string): void {
    if (closing.signal.aborted) return;
    waiting.add(runId);
    work();
  }

  function work(): void {
    while (looks < maxLooks && !closing.signal.aborted) {
      const [runId] = waiting;
      if (runId === undefined) return;
      waiting.delete(runId);
      looks += 1;
      const told = tell(runId)
        .catch((error: unknown) => notNow(error, runId))
        .finally(() => {
          underWay.delete(told);
          looks -= 1;
          work();
        });
      underWay.add(told);
    }
  }

  /** What an earlier process left, and what nothing told of. */
  async function scan(): Promise<void> {
    asking = askingOf(orchestrator.workflows);
    const open = new Set<string>();
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof orchestrator.list>> = await orchestrator.list({
        hasReview: true,
        limit: pageSize,
        ...(cursor === null ? {} : { cursor }),
      });
      for (const run of page.runs) {
        for (const { step } of openReviews(run)) open.add(JSON.stringify([run.runId, step]));
        add(run.runId);
      }
      cursor = page.cursor;
    } while (cursor !== null && !closing.signal.aborted);
    await ledger.forget((runId, step) => open.has(JSON.stringify([runId, step])));
  }

  let cancelScan = () => {};
  function scanNow(): void {
    const scanned = scan()
      .catch((error: unknown) =>
        log.error({ err: error }, 'open reviews could not be looked through'),
      )
      .finally(() => {
        underWay.delete(scanned);
        if (!closing.signal.aborted) cancelScan = clock.after(scanEveryMs, scanNow);
        work();
      });
    underWay.add(scanned);
  }

  const unsubscribe = orchestrator.subscribe(({ runId, workflow, entry }) => {
    if (entry.to === 'pending') return;
    // new ones come by a reload
    if (!asking.has(workflow)) asking = askingOf(orchestrator.workflows);
    if (asking.get(workflow) === true) add(runId);
  });
  scanNow();

  async function settled(): Promise<void> {
    while (underWay.size > 0) await Promise.all(underWay);
  }

  return {
    look: add,
    settled,
    async close() {
      unsubscribe();
      cancelScan();
      closing.abort();
      for (const { cancel } of timers.values()) cancel();
      const timer = setTimeout(() => cutOff.abort(), closingMs);
      await settled();
      clearTimeout(timer);
    },
  };
}

/** Whether a person may be asked in any version of a workflow. */
function askingOf(
  workflows: readonly { readonly name: string; readonly plan: Plan }[],
): Map<string, boolean> {
  const asking = new Map<string, boolean>();
  for (const { name, plan } of workflows) {
    const { nodes, finish } = plan;
    const asks = finish.approve.by !== 'automatic' || nodes.some(({ kind }) => kind === 'review');
    asking.set(name, asks || asking.get(name) === true);
  }
  return asking;
}

/** `null`: nobody by name, since anybody may decide. */
function namesOf({ assignees, review }: OpenReview): readonly string[] | null {
  const others = [...review.escalatedTo, ...review.delegatedTo.map(({ to }) => to)];
  return assignees == null ? null : [...assignees, ...others];
}

/** Whoever must not decide it, or has, is left alone. */
function recipientsOf(open: OpenReview, directory: Directory): readonly Recipient[] {
  const { excluded, approvals, escalatedTo } = open.review;
  const isDone = new Set([
    ...excluded,
    ...approvals.given.flatMap(({ actor, onBehalfOf }) => [actor, onBehalfOf]),
  ]);
  const names = namesOf(open);
  const asked = directory.recipientsOf(names);
  // Where anybody may decide, those it is escalated to are told as well.
  const escalated = names === null ? directory.recipientsOf(escalatedTo) : [];
  const isKnown = (one: Recipient) =>
    asked.some(({ name, isPerson }) => name === one.name && isPerson === one.isPerson);
  return [...asked, ...escalated.filter((one) => !isKnown(one))].filter(
    ({ name }) => !isDone.has(name),
  );
}

/** Of each of these somebody should hear of it. */
function audiencesOf({ assignees, review }: OpenReview) {
  const { escalatedTo, delegatedTo } = review;
  const all: readonly { readonly names: readonly string[]; readonly kind: NoticeKind }[] = [
    { names: assignees ?? [], kind: 'opened' },
    { names: escalatedTo, kind: 'escalated' },
    ...delegatedTo.map(({ to }) => ({ names: [to], kind: 'delegated' as const })),
  ];
  return all.filter(({ names }) => names.length > 0);
}

/** What somebody is told of, and what makes it another message than the one before. */
function occasionOf(
  { review: { reminders, escalatedTo, delegatedTo } }: OpenReview,
  { name, isPerson }: Recipient,
  directory: Directory,
): { readonly kind: NoticeKind; readonly occasion: readonly (string | number)[] } {
  const delegations = isPerson ? delegatedTo.filter(({ to }) => to === name).length : 0;
  const isEscalated = directory
    .recipientsOf(escalatedTo)
    .some((one) => one.name === name && one.isPerson === isPerson);
  const kind = isEscalated ? 'escalated' : delegations > 0 ? 'delegated' : 'opened';
  return {
    kind: reminders > 0 && kind === 'opened' ? 'reminder' : kind,
    occasion: [reminders, isEscalated ? 'escalated' : '', delegations],
  };
}

function idOf(parts: readonly (string | number | boolean)[]): string {
  return digest([...parts]).slice(0, 40);
}

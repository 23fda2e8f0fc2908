/** Messages between runs, and from processes that do not hold the run: delivered at least once, applied once. */
import { z } from 'zod';
import { SignalboxError } from '../errors.ts';
import type { JsonObject } from '../plan/json.ts';
import type { Message } from '../ports/store.ts';
import { sha256 } from './canonical.ts';
import type { LiveRun } from './live-run.ts';
import { RunRequest } from './requests/request.ts';
import type { StartOptions } from './start.ts';
import type { WorkDeps } from './work-deps.ts';

export interface CourierDeps extends WorkDeps {
  /** Applies a request to a run this process may change, answering the message in the same commit. */
  perform(run: LiveRun, request: RunRequest, message: Message | null): Promise<JsonObject>;
  noteRefusal(runId: string, request: RunRequest, error: unknown): Promise<void>;
  startRun(
    id: string,
    workflow: { readonly name: string; readonly version: number | null },
    input: unknown,
    options: StartOptions,
    parent: { readonly runId: string; readonly step: string } | null,
    depth: number,
  ): Promise<void>;
}

export interface Courier {
  /** Works through messages that name no run: children to start, events to hand round. */
  broadcast(): Promise<void>;
  /** Works through a run's inbox. */
  deliver(runId: string): Promise<void>;
}

/** Errors after which the same delivery may succeed. */
const passing: ReadonlySet<string> = new Set(['STORE_UNAVAILABLE', 'CLOSED', 'LEASE_LOST']);

const StartBody = z.object({
  runId: z.string(),
  workflow: z.string(),
  version: z.number(),
  input: z.unknown(),
  parent: z.object({ runId: z.string(), step: z.string() }),
  depth: z.number(),
  actor: z.string().nullable(),
  priority: z.enum(['high', 'default', 'low']),
  labels: z.record(z.string(), z.string()),
});

const ChildBody = z.object({ runId: z.string() });
const EventBody = z.object({ event: z.string(), payload: z.unknown(), actor: z.string() });

export function createCourier(deps: CourierDeps): Courier {
  const { store, runs, log, clock } = deps;
  const delivering = new Map<string, Promise<void>>();
  let broadcasting: Promise<void> | null = null;
  let isAskedAgain = false;

  async function broadcastAll(): Promise<void> {
    for (const message of await store.inbox(null)) {
      try {
        if (message.kind === 'start') await startChild(message);
        else if (message.kind === 'event') await handRound(message);
        await store.settleMessage({ id: message.id, answer: { done: true } });
      } catch (error) {
        log.error({ err: error, message: message.id }, 'a message could not be delivered');
        if (!(error instanceof SignalboxError)) continue;
        if (passing.has(error.code)) return;
        await store.settleMessage({
          id: message.id,
          answer: { error: { code: error.code, message: error.message } },
        });
      }
    }
  }

  async function startChild(message: Message): Promise<void> {
    const body = StartBody.parse(message.body);
    const options = {
      actor: body.actor ?? `run:${body.parent.runId}`,
      priority: body.priority,
      labels: body.labels,
    };
    try {
      await deps.startRun(
        body.runId,
        { name: body.workflow, version: body.version },
        body.input,
        options,
        body.parent,
        body.depth,
      );
    } catch (error) {
      if (!(error instanceof SignalboxError) || passing.has(error.code)) throw error;
      // The child cannot exist: its parent hears of it as of a failed child.
      await send({
        id: `${body.runId}/refused`,
        runId: body.parent.runId,
        kind: 'child_result',
        atMs: clock.nowMs(),
        body: {
          step: body.parent.step,
          runId: body.runId,
          status: 'failed',
          failure: { name: error.code, message: error.message },
        },
      });
      return;
    }
    // A parent that stops may have written to its child before the child was there.
    await tryToDeliver(body.runId);
  }

  /** To every run that waits for the event, and to the workflows it starts. */
  async function handRound(message: Message): Promise<void> {
    const { event, payload, actor } = EventBody.parse(message.body);
    for (const runId of await store.awaiting(event)) {
      await send({
        id: sha256(`${message.id}>${runId}`),
        runId,
        kind: 'signal',
        atMs: clock.nowMs(),
        body: { event, payload, actor } as JsonObject,
      });
    }
    for (const workflow of deps.catalogue.startedBy(event)) {
      const key = `event:${message.id}`;
      try {
        await deps.startRun(
          deps.ids.runId(),
          { name: workflow.name, version: null },
          payload,
          { key, actor },
          null,
          0,
        );
      } catch (error) {
        if (!(error instanceof SignalboxError) || passing.has(error.code)) throw error;
        // One workflow that refuses the event keeps no other from it.
        log.error({ err: error, workflow: workflow.name, event }, 'the event started no run');
      }
    }
  }

  async function send(message: Message): Promise<void> {
    await store.send([message]);
    if (message.runId !== null) await tryToDeliver(message.runId);
  }

  /** A run that cannot read its letters here finds them later, and keeps no other from theirs. */
  async function tryToDeliver(runId: string): Promise<void> {
    try {
      await deliver(runId);
    } catch (error) {
      if (error instanceof SignalboxError && passing.has(error.code)) throw error;
      log.warn({ err: error, runId }, 'the message stays in the inbox of the run');
    }
  }

  async function deliverAll(runId: string): Promise<void> {
    const messages = await store.inbox(runId);
    if (messages.length === 0) return;
    const run = await runs.own(runId).catch(ifGone);
    if (run === null) return;
    for (const message of messages) await deliverOne(run, message);
  }

  async function deliverOne(first: LiveRun, message: Message): Promise<void> {
    let run: LiveRun | null = first;
    const request = RunRequest.safeParse({ ...(await bodyOf(message)), kind: message.kind });
    if (!request.success) {
      await store.settleMessage({
        id: message.id,
        answer: {
          error: { code: 'INPUT_INVALID', message: `Message "${message.id}" has no known form` },
        },
      });
      return;
    }
    for (let tries = 0; tries < 5 && run !== null; tries += 1) {
      // Another process may have read the letter as well; one that reads it after this look makes the commit fail.
      if (store.shared && (await store.answer(message.id))?.answer != null) return;
      try {
        await deps.perform(run, request.data, message);
        return;
      } catch (error) {
        if (
          !(error instanceof SignalboxError) ||
          error.code === 'STORE_UNAVAILABLE' ||
          error.code === 'CLOSED'
        )
          throw error;
        if (await runs.isStale(run)) runs.discard(run);
        else if (error.code !== 'LEASE_LOST') {
          await store.settleMessage({
            id: message.id,
            answer: {
              error: {
                code: error.code,
                message: error.message,
                ...(error.hint === undefined ? {} : { hint: error.hint }),
              },
            },
          });
          // In the inbox as well: it is read once this letter is out of the way.
          void deps.noteRefusal(run.header.id, request.data, error);
          return;
        }
        run = await runs.own(message.runId ?? '');
      }
    }
  }

  /** A child's result is read from the child itself, so that the message stays small. */
  async function bodyOf(message: Message): Promise<JsonObject> {
    const { body } = message;
    if (message.kind === 'signal' && body['id'] === undefined) return { ...body, id: message.id };
    if (message.kind !== 'child_result' || body['status'] !== 'complete') return body;
    const { runId } = ChildBody.parse(body);
    const child = await runs.loadNewest(runId).catch(ifGone);
    if (child === null) {
      const message = `Child run "${runId}" has completed, and was removed before its result was read`;
      return { ...body, status: 'failed', failure: { name: 'ResultGone', message } };
    }
    const entries = await store.settled(runId, child.state.generation, ['completion']);
    const undo = child.completed.reduce((sum, completed) => sum + completed.undo, 0);
    return { ...body, output: entries.at(-1)?.output ?? null, undo };
  }

  function deliver(runId: string): Promise<void> {
    const before = delivering.get(runId) ?? Promise.resolve();
    const mine = before.catch(() => {}).then(() => deliverAll(runId));
    const kept = mine.finally(() => {
      if (delivering.get(runId) === kept) delivering.delete(runId);
    });
    delivering.set(runId, kept);
    return kept;
  }

  return {
    deliver,
    broadcast() {
      if (broadcasting !== null) {
        isAskedAgain = true;
        return broadcasting;
      }
      broadcasting = (async () => {
        try {
          do {
            isAskedAgain = false;
            await broadcastAll();
          } while (isAskedAgain);
        } finally {
          // in the same step as the last look: whoever asks after it begins anew
          broadcasting = null;
        }
      })();
      return broadcasting;
    },
  };
}

function ifGone(error: unknown): null {
  if (error instanceof SignalboxError && error.code === 'RUN_NOT_FOUND') return null;
  throw error;
}

/** Requests to existing runs: carried out here if this process may change the run, left in its inbox if another holds it. */

import { SignalboxError } from '../errors.ts';
import { issuesText } from '../plan/issues.ts';
import type { JsonObject } from '../plan/json.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Logger } from '../ports/logger.ts';
import type { Message, Store } from '../ports/store.ts';
import { digest } from './canonical.ts';
import type { Draft } from './draft.ts';
import { fireDue, fireReminders } from './due.ts';
import type { LiveRun } from './live-run.ts';
import { translated } from './moves.ts';
import { RunRequest } from './requests/request.ts';
import { handleRequest } from './requests/requests.ts';
import { type RetryMaterial, retryMaterialOf } from './retry-material.ts';
import type { RunTable } from './run-table.ts';
import type { Settings } from './settings.ts';
import { acceptJson } from './start.ts';

export interface Door {
  /** Applies a request to a run this process may change; `message` is answered in the same commit. */
  perform(run: LiveRun, request: RunRequest, message: Message | null): Promise<JsonObject>;
  request(runId: string, request: RunRequest): Promise<JsonObject>;
  /** Refused decisions leave a trace: who tried what, and why not. */
  noteRefusal(runId: string, request: RunRequest, error: unknown): Promise<void>;
}

interface DoorDeps {
  readonly store: Store;
  readonly runs: RunTable;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly settings: Settings;
  /** Reads the run's inbox, should its holder be gone by now. */
  deliver(runId: string): Promise<void>;
}

/** How often the answer of the process that holds a run is looked for. */
const answerPollMs = 50;

/** More signals than ever wait for their commit at once. */
const maxApplied = 1_000;

type AboutReview = Extract<
  RunRequest,
  { kind: 'decide' | 'claim' | 'release' | 'delegate' | 'assign' }
>;

function isAboutReview(request: RunRequest): request is AboutReview {
  return ['decide', 'claim', 'release', 'delegate', 'assign'].includes(request.kind);
}

/** Refusals that leave a trace. */
const isNoted: ReadonlySet<string> = new Set([
  'REVIEW_NOT_OPEN',
  'REVIEW_FORBIDDEN',
  'REVIEW_CLAIMED',
  'REVIEW_CHANGED',
]);

export function createDoor(deps: DoorDeps): Door {
  const { store, runs, clock, ids, log, settings } = deps;
  /** Answers to the last signals applied to a run, by their ids. */
  const applied = new WeakMap<LiveRun, Map<string, JsonObject>>();

  async function perform(
    run: LiveRun,
    request: RunRequest,
    message: Message | null,
  ): Promise<JsonObject> {
    await fireOverdue(run);
    const material = request.kind === 'retry' ? await retryMaterial(run) : null;
    const { answer } = await runs.change(run, (draft) => {
      const given = once(run, request, () => handleRequest(draft, request, material));
      if (message !== null) draft.answers.push({ id: message.id, answer: { ok: given } });
      else if (request.kind === 'signal') rememberSignal(draft, request, given);
      return given;
    });
    return answer;
  }

  /** The store knows a signal from its commit on; before, only what is in memory does. */
  function once(run: LiveRun, request: RunRequest, handle: () => JsonObject): JsonObject {
    if (request.kind !== 'signal') return handle();
    const known = applied.get(run) ?? new Map<string, JsonObject>();
    applied.set(run, known);
    const answer = known.get(request.id) ?? handle();
    known.set(request.id, answer);
    for (const id of known.keys()) if (known.size > maxApplied) known.delete(id);
    return answer;
  }

  /** A deadline that has passed holds, although nobody has looked at the clock yet. */
  async function fireOverdue(run: LiveRun): Promise<void> {
    const { dueAtMs } = run.state;
    if (dueAtMs === null || dueAtMs > clock.nowMs()) return;
    await runs.change(run, (draft) => {
      fireReminders(draft);
      fireDue(draft);
    });
  }

  /** What was settled before is fed through the chart again rather than done again. */
  async function retryMaterial(run: LiveRun): Promise<RetryMaterial> {
    const entries = translated(await store.settled(run.header.id, run.state.generation));
    const material = retryMaterialOf(entries);
    const failedChildren = new Map(material.failedChildren);
    // One that is gone, or that somebody has cancelled since, is started anew.
    for (const [step, child] of failedChildren) {
      const status = (await store.load(child))?.state.status;
      if (status === undefined || status === 'cancelled') failedChildren.delete(step);
    }
    return { ...material, failedChildren };
  }

  async function request(runId: string, unparsed: RunRequest): Promise<JsonObject> {
    const wanted = parse(runId, unparsed);
    for (let tries = 0; tries < 10; tries += 1) {
      const known =
        wanted.kind === 'signal' ? await store.answer(signalMessageId(runId, wanted.id)) : null;
      if (known !== null) return answerOf(known.answer ?? { ok: { delivered: true } });
      const run = await runs.own(runId);
      if (run === null) return throughStore(runId, wanted);
      try {
        return await perform(run, wanted, null);
      } catch (error) {
        const code = error instanceof SignalboxError ? error.code : null;
        if (code === 'LEASE_LOST') continue;
        // asking again at once would only hide it
        if (code === 'STORE_UNAVAILABLE') throw error;
        if (await runs.isStale(run)) {
          runs.discard(run);
          continue;
        }
        await noteRefusal(runId, wanted, error);
        throw error;
      }
    }
    throw new SignalboxError('RUN_CONFLICT', `Run "${runId}" changes too fast; try again`, {
      details: { runId },
    });
  }

  function parse(runId: string, unparsed: RunRequest): RunRequest {
    const parsed = RunRequest.safeParse(unparsed);
    if (!parsed.success) {
      const text = issuesText(parsed.error.issues, 'request');
      throw new SignalboxError('INPUT_INVALID', `Request to run "${runId}": ${text}`, {
        details: { runId },
      });
    }
    const { data } = parsed;
    const { maxPayloadBytes } = settings;
    if (data.kind === 'signal') {
      const what = `Payload of signal "${data.event}"`;
      return { ...data, payload: acceptJson(what, data.payload, 'INPUT_INVALID', maxPayloadBytes) };
    }
    if (data.kind === 'decide') {
      const form = `Form of review "${data.step}"`;
      const output = `Output of step "${data.step}"`;
      return {
        ...data,
        form: acceptJson(form, data.form, 'FORM_INVALID', maxPayloadBytes),
        output: acceptJson(output, data.output, 'OUTPUT_INVALID', maxPayloadBytes),
      };
    }
    return data;
  }

  async function noteRefusal(runId: string, wanted: RunRequest, error: unknown): Promise<void> {
    if (!isAboutReview(wanted) || !(error instanceof SignalboxError)) return;
    if (!isNoted.has(error.code)) return;
    const { step, actor } = wanted;
    const outcome = wanted.kind === 'decide' ? wanted.outcome : wanted.kind;
    const body = { step, outcome, code: error.code, actor };
    try {
      const message = {
        id: `${runId}/refusal/${ids.token()}`,
        runId,
        kind: 'refusal',
        atMs: clock.nowMs(),
        body,
      };
      await store.send([message]);
      await deps.deliver(runId);
    } catch (lost) {
      log.warn({ err: lost, runId }, 'the refused decision could not be noted');
    }
  }

  async function throughStore(runId: string, wanted: RunRequest): Promise<JsonObject> {
    const { kind, ...body } = wanted;
    const id =
      wanted.kind === 'signal'
        ? signalMessageId(runId, wanted.id)
        : `${runId}/${kind}/${ids.token()}`;
    await store.send([{ id, runId, kind, atMs: clock.nowMs(), body: body as JsonObject }]);
    const startedMs = clock.monotonicMs();
    while (clock.monotonicMs() - startedMs < settings.answerTimeoutMs) {
      const known = await store.answer(id);
      if (known?.answer != null) return answerOf(known.answer);
      await new Promise<void>((resolve) => clock.after(answerPollMs, resolve));
      await deps.deliver(runId);
    }
    throw new SignalboxError(
      'RUN_CONFLICT',
      `The process that holds run "${runId}" has not answered; the request stays in the run's inbox`,
      { details: { runId, messageId: id } },
    );
  }

  return { perform, request, noteRefusal };
}

/** A signal is remembered by its id, so that a repeated delivery has no second effect. */
function rememberSignal(
  draft: Draft,
  request: Extract<RunRequest, { kind: 'signal' }>,
  answer: JsonObject,
): void {
  const runId = draft.run.header.id;
  const id = signalMessageId(runId, request.id);
  draft.messages.push({
    id,
    runId,
    kind: 'signal',
    atMs: draft.tools.nowMs,
    body: { event: request.event, id: request.id },
  });
  draft.answers.push({ id, answer: { ok: answer } });
}

function answerOf(answer: JsonObject): JsonObject {
  const { error, ok } = answer;
  if (error !== undefined && error !== null && typeof error === 'object') {
    const { code, message } = error as { code: SignalboxError['code']; message: string };
    throw new SignalboxError(code, message);
  }
  return (ok ?? {}) as JsonObject;
}

function signalMessageId(runId: string, signalId: string): string {
  return `${runId}/signal/${digest(signalId).slice(0, 40)}`;
}

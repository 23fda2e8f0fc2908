/** The orchestrator of a running service, behind the interface of one in this process. */
import { type Client, createClient, ServiceError } from '../../client/index.ts';
import { type ErrorCode, errorCodes, SignalboxError } from '../../errors.ts';
import type { Orchestrator, PauseScope, RunHandle } from '../../orchestrator.ts';
import { UsageError } from '../usage-error.ts';
import type { FoundService } from './find-service.ts';

/** What commands use of an orchestrator; the rest is refused. Groups and actor count where nobody signs in; a token says itself who calls. */
export function createRemoteOrchestrator(
  { url, token }: Pick<FoundService, 'url' | 'token'>,
  /** Told of each run that is changed or driven. */
  onMoved: (runId: string) => void = () => {},
): Orchestrator {
  const as = (actor?: string, groups: readonly string[] = []): Client =>
    createClient({
      url,
      ...(token === undefined ? {} : { token }),
      headers: {
        ...(actor === undefined ? {} : { 'x-signalbox-actor': encodeURIComponent(actor) }),
        ...(groups.length === 0
          ? {}
          : { 'x-signalbox-groups': groups.map(encodeURIComponent).join(',') }),
      },
    });
  const anyone = as();

  async function change<T>(runId: string, work: Promise<T>): Promise<T> {
    const answer = await translated(work);
    onMoved(runId);
    return answer;
  }

  async function start(
    workflow: string | { readonly name: string },
    input: unknown,
    { actor, startAt, ...rest }: Parameters<Orchestrator['start']>[2] = {},
  ): Promise<RunHandle<never>> {
    const started = await translated(
      as(actor).runs.start({
        body: {
          workflow: typeof workflow === 'string' ? workflow : workflow.name,
          input: input ?? null,
          ...rest,
          ...(startAt === undefined ? {} : { startAt: iso(startAt) }),
        },
      }),
    );
    onMoved(started.runId);
    return { ...started, result: () => refused('hands out no results') };
  }

  return {
    start,
    get: (runId) => viewed(anyone.runs.get({ params: { runId } })),
    list: ({ labels, text, createdAfterMs, createdBeforeMs, hasReview, ...rest } = {}) =>
      viewed(
        anyone.runs.list({
          query: {
            ...rest,
            ...(labels === undefined ? {} : { label: pairsOf(labels) }),
            ...(text === undefined ? {} : { q: text }),
            ...(hasReview === true ? { hasReview: 'true' } : {}),
            ...(createdAfterMs === undefined ? {} : { createdAfter: iso(createdAfterMs) }),
            ...(createdBeforeMs === undefined ? {} : { createdBefore: iso(createdBeforeMs) }),
          },
        }),
      ),
    async history(runId, page = {}) {
      const query = { limit: 1_000, ...page };
      return (await translated(anyone.runs.history({ params: { runId }, query }))).entries;
    },
    result: () => refused('hands out no results'),
    async decide(runId, step, { actor, groups, form, output, ...decision }) {
      await change(
        runId,
        as(actor, groups).reviews.decide({
          params: { runId, step },
          body: {
            ...decision,
            ...(form === undefined ? {} : { form: form }),
            ...(output === undefined ? {} : { output: output }),
            shownHash: decision.shownHash ?? (await shownNow(runId, step)),
          },
        }),
      );
    },
    async claim(runId, step, { actor, groups, ...body }) {
      await change(runId, as(actor, groups).reviews.claim({ params: { runId, step }, body }));
    },
    async release(runId, step, { actor, ...body }) {
      await change(runId, as(actor).reviews.release({ params: { runId, step }, body }));
    },
    async delegate(runId, step, { actor, groups, ...body }) {
      await change(runId, as(actor, groups).reviews.delegate({ params: { runId, step }, body }));
    },
    async assign(runId, step, { actor, to, reason = '' }) {
      const body = { to: [...to], reason };
      await change(runId, as(actor).reviews.assign({ params: { runId, step }, body }));
    },
    signal: (runId, event, payload, { actor, id } = {}) =>
      change(
        runId,
        as(actor).runs.signal({
          params: { runId },
          body: { event: nameOf(event), payload: payload, ...(id !== undefined && { id }) },
        }),
      ),
    async publish(event, payload, { actor, id } = {}) {
      const body = { event: nameOf(event), payload: payload };
      await translated(
        as(actor).runs.publish({ body: { ...body, ...(id !== undefined && { id }) } }),
      );
    },
    async cancel(runId, { actor, ...body } = {}) {
      await change(runId, as(actor).runs.cancel({ params: { runId }, body }));
    },
    async retry(runId, { actor, ...body } = {}) {
      await change(runId, as(actor).runs.retry({ params: { runId }, body }));
    },
    async undoList(runId) {
      return (await translated(anyone.undo.list({ params: { runId } }))).steps;
    },
    async retryUndo(runId, step, { actor, reason }) {
      const body = { step, reason };
      await change(runId, as(actor).undo.retry({ params: { runId }, body }));
    },
    async resolveUndo(runId, step, { actor, reason }) {
      const body = { step, reason };
      await change(runId, as(actor).undo.resolve({ params: { runId }, body }));
    },
    async pause(runId, { actor, ...body } = {}) {
      await change(runId, as(actor).runs.pause({ params: { runId }, body }));
    },
    async resume(runId, { actor } = {}) {
      await change(runId, as(actor).runs.resume({ params: { runId }, body: {} }));
    },
    async pauseRuns(scope, { actor, reason }) {
      const body = { ...bodyOf(scope), reason };
      return (await translated(as(actor).pauses.pause({ body }))).changed;
    },
    async resumeRuns(scope, { actor, ...which } = {}) {
      const body = { ...bodyOf(scope), ...which };
      return (await translated(as(actor).pauses.resume({ body }))).changed;
    },
    async pauses() {
      const { pauses } = await translated(anyone.pauses.list());
      return pauses.map(({ scope: _, workflow, ...by }) => ({
        scope: workflow === null ? 'all' : { workflow },
        ...by,
      }));
    },
    explain: (runId) => viewed(anyone.runs.explain({ params: { runId } })),
    at: (runId, seq) => viewed(anyone.runs.at({ params: { runId, seq } })),
    async fork(runId, { dryRun, actor, reason, acceptIrreversible, at, input, results }) {
      const body = {
        at,
        ...(input === undefined ? {} : { input: input }),
        ...(results === undefined ? {} : { results: results }),
      };
      if (dryRun === true) {
        const preview = anyone.runs.previewFork({ params: { runId }, body });
        return { runId: null, ...(await translated(preview)) };
      }
      const fork = await translated(
        as(actor).runs.fork({
          params: { runId },
          body: {
            ...body,
            ...(acceptIrreversible === undefined ? {} : { acceptIrreversible }),
            ...(reason === undefined ? {} : { reason }),
          },
        }),
      );
      onMoved(fork.runId);
      return fork;
    },
    async drive(runId, until = 'waiting') {
      onMoved(runId);
      for (;;) {
        const query = { until };
        const { reached, run } = await translated(anyone.runs.wait({ params: { runId }, query }));
        if (reached) return viewed(Promise.resolve(run));
      }
    },
    /** What happens shows when the command reports. */
    subscribe: () => () => {},
    verify: (runId) => viewed(anyone.runs.verify({ params: { runId } })),
    breakers: () => refused('hands out no breakers'),
    resetBreaker: () => refused('resets no breakers this way'),
    /** None is under way in this process. */
    depth: { waiting: 0, running: 0 },
    places: null,
    damaged: () => refused('does not say where damaged runs are kept'),
    async prune({ finishedBefore, status, dryRun = false, ...rest }) {
      const body = {
        ...rest,
        dryRun,
        finishedBefore: finishedBefore.toISOString(),
        ...(status === undefined ? {} : { status: [...status] }),
      };
      return (await translated(anyone.runs.prune({ body }))).runIds;
    },
    async migrate({ workflow, actor, mapping, dryRun = false, ...rest }) {
      if (hasFunction(mapping))
        throw new UsageError(
          'A running service takes no mapping with functions',
          'Write the mapping as JSON, or stop the service for this migration',
        );
      const body = {
        ...rest,
        dryRun,
        // Without functions it is JSON.
        ...(mapping === undefined ? {} : { mapping: mapping as object }),
      };
      return viewed(as(actor).workflows.migrate({ params: { workflow }, body }));
    },
    entity: () => refused('hands out no entities'),
    sweepBlobs: () => refused('sweeps no blobs'),
    export: () => ({
      [Symbol.asyncIterator]: () => ({ next: () => refused('exports no runs') }),
    }),
    /** It looks by itself. */
    sweep: async () => {},
    workflows: [],
    moduleOf: () => null,
    replaceWorkflows() {
      throw new UsageError('A service loads its workflows itself');
    },
    close: async () => {},
  };

  /** Whoever decides without having looked decides about what there is now. */
  async function shownNow(runId: string, step: string): Promise<string> {
    const { waitingOn, status } = await translated(anyone.runs.get({ params: { runId } }));
    const review = waitingOn.find((open) => open.kind === 'review' && open.step === step);
    if (review?.shownHash !== undefined) return review.shownHash;
    const open = waitingOn.flatMap((other) => (other.kind === 'review' ? [other.step] : []));
    throw new SignalboxError(
      'REVIEW_NOT_OPEN',
      `Run "${runId}" has no open review "${step}"; it is ${status}, open: ${open.join(', ') || 'none'}`,
      { details: { runId, step, status } },
    );
  }
}

const bodyOf = (scope: PauseScope) => (scope === 'all' ? {} : { workflow: scope.workflow });
const iso = (atMs: number) => new Date(atMs).toISOString();
const nameOf = (event: string | { readonly name: string }) =>
  typeof event === 'string' ? event : event.name;
const pairsOf = (labels: { readonly [name: string]: string }) =>
  Object.entries(labels).map(([name, value]) => `${name}=${value}`);

function hasFunction(value: unknown): boolean {
  if (typeof value === 'function') return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(hasFunction);
}

async function refused(what: string): Promise<never> {
  throw new UsageError(`A service ${what}`, 'Run the command where the store is, without --url');
}

/** The service answers with what its orchestrator says, as JSON; the answers' schemas name some texts less closely. */
async function viewed<V>(answer: Promise<unknown>): Promise<V> {
  return (await translated(answer)) as V;
}

/** A refusal reads as it would without a service in between. */
export async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof TypeError && error.message === 'fetch failed') throw gone(error);
    if (!(error instanceof ServiceError)) throw error;
    const code = errorCodes.find((known): known is ErrorCode => known === error.code);
    if (code === undefined && error.status === 503) throw gone(error);
    if (code === undefined) throw error;
    throw new SignalboxError(code, error.message, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      details: { answeredBy: 'service' },
      cause: error,
    });
  }
}

/** It was there when the command began. */
function gone(cause: unknown): SignalboxError {
  return new SignalboxError('SERVICE_UNREACHABLE', 'The service does not answer any more', {
    hint: 'What it has accepted is stored, and goes on when it is started again',
    cause,
  });
}

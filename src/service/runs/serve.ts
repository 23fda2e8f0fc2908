/** The verbs of the orchestrator as calls. */
import { api } from '../../api/api.ts';
import type { Bind } from '../bind.ts';
import type { ServiceParts } from '../parts.ts';
import { compareRuns } from './comparison.ts';
import { drawRun, nodesOfRun } from './drawing.ts';
import { afterOf, eventsOf } from './events.ts';
import { exportRun } from './export.ts';
import { historyPage } from './history.ts';
import { tellsOf } from './news.ts';
import { inputOf, outputOf } from './output.ts';
import { toRunFilter } from './run-filter.ts';
import { stepOf } from './step.ts';
import { copyAsTest } from './test-file.ts';
import { traceLabels } from './trace-labels.ts';
import { waitFor } from './waiting.ts';

export function serveRuns(bind: Bind, parts: ServiceParts): void {
  const { orchestrator, store, clock } = parts;
  const { runs } = api;

  bind(runs.start, async ({ body: { workflow, input, startAt, ...rest } }, { caller, headers }) => {
    const { runId, created } = await orchestrator.start(workflow, input, {
      ...rest,
      labels: { ...traceLabels(headers), ...rest.labels },
      ...(startAt === undefined ? {} : { startAt: Date.parse(startAt) }),
      actor: caller.name,
    });
    return { runId, created };
  });

  // --- reading ----------------------------------------------------------------------------------------------------------------------
  bind(runs.list, ({ query: { limit, cursor, ...filter } }) =>
    orchestrator.list({
      ...toRunFilter(filter, clock.nowMs()),
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    }),
  );
  bind(runs.counts, async ({ query }) =>
    toCounts(await store.count(toRunFilter(query, clock.nowMs()))),
  );
  bind(runs.get, ({ params }) => orchestrator.get(params.runId));
  bind(runs.explain, ({ params }) => orchestrator.explain(params.runId));
  bind(runs.history, ({ params, query }) => historyPage(parts, params.runId, query));
  bind(runs.verify, ({ params }) => orchestrator.verify(params.runId));
  bind(runs.input, ({ params }) => inputOf(parts, params.runId));
  bind(runs.output, ({ params }) => outputOf(parts, params.runId));
  bind(runs.wait, ({ params, query }, { signal }) =>
    waitFor(parts, params.runId, { ...query, signal }),
  );
  bind(runs.events, ({ params, query }, { headers, signal }) =>
    eventsOf(parts, params.runId, afterOf(headers, query.afterSeq), signal),
  );
  bind(runs.news, ({ query }, { caller, headers, signal }) =>
    parts.news.follow(tellsOf(query, caller), headers['last-event-id'], signal),
  );
  bind(runs.at, ({ params }) => orchestrator.at(params.runId, params.seq));
  bind(runs.step, ({ params }) => stepOf(parts, params.runId, params.step));
  bind(runs.nodes, async ({ params, query }) => ({
    nodes: await nodesOfRun(parts, params.runId, query),
  }));
  bind(runs.diagram, ({ params, query }) => drawRun(parts, params.runId, query));
  bind(runs.compare, ({ params }, { caller }) =>
    compareRuns(parts, params.runId, params.otherId, caller),
  );
  bind(runs.export, ({ params }) => exportRun(parts, params.runId));
  bind(runs.copyAsTest, ({ params, query }) => copyAsTest(parts, params.runId, query));
  bind(runs.damaged, async () => ({
    runs: (await orchestrator.damaged()).map(({ runId, reason }) => ({ runId, reason })),
  }));

  // --- changing ---------------------------------------------------------------------------------------------------------------------
  bind(runs.signal, ({ params, body: { event, payload, ...given } }, { caller }) =>
    orchestrator.signal(params.runId, event, payload, { ...given, actor: caller.name }),
  );
  bind(runs.publish, async ({ body: { event, payload, ...given } }, { caller }) => {
    await orchestrator.publish(event, payload, { ...given, actor: caller.name });
    // no run may have waited for it, and then no history says who sent it
    await parts.audit.record(caller, 'event.published', `event/${event}`, given);
  });
  bind(runs.undoList, async ({ params }) => {
    const { entries, waitingOn } = await orchestrator.get(params.runId);
    const { undoList, undone, notUndone } = await orchestrator.at(params.runId, entries);
    const running = waitingOn.filter(({ kind }) => kind === 'attempt' || kind === 'map');
    return { undoList, undone, notUndone, running: running.map(({ step }) => step) };
  });
  bind(runs.cancel, async ({ params: { runId }, body }, { caller }) => {
    await orchestrator.cancel(runId, { ...body, actor: caller.name });
    return orchestrator.get(runId);
  });
  bind(runs.retry, async ({ params: { runId }, body }, { caller }) => {
    await orchestrator.retry(runId, { ...body, actor: caller.name });
    return orchestrator.get(runId);
  });
  bind(runs.pause, async ({ params: { runId }, body }, { caller }) => {
    await orchestrator.pause(runId, { ...body, actor: caller.name });
    return orchestrator.get(runId);
  });
  bind(runs.resume, async ({ params: { runId } }, { caller }) => {
    await orchestrator.resume(runId, { actor: caller.name });
    return orchestrator.get(runId);
  });
  bind(runs.previewFork, ({ params, body }) =>
    orchestrator.fork(params.runId, { ...body, dryRun: true }),
  );
  bind(runs.fork, async ({ params, body }, { caller }) => {
    const { runId, ...fork } = await orchestrator.fork(params.runId, {
      ...body,
      actor: caller.name,
    });
    // only a dry run has none
    return { ...fork, runId: runId ?? '' };
  });
  bind(runs.prune, async ({ body: { finishedBefore, dryRun, ...which } }, { caller }) => {
    const removed = await orchestrator.prune({
      ...which,
      dryRun,
      finishedBefore: new Date(Math.min(Date.parse(finishedBefore), clock.nowMs())),
    });
    if (!dryRun) {
      // their histories are gone, so nothing else says who removed them
      const details = { finishedBefore, ...which, total: removed.length };
      await parts.audit.record(caller, 'runs.pruned', 'runs', details);
    }
    return { removed: !dryRun, total: removed.length, runIds: removed.slice(0, 1_000) };
  });
}

type Counts = Awaited<ReturnType<ServiceParts['store']['count']>>;

function toCounts(counts: Counts) {
  const status: Partial<Record<Counts[number]['status'], number>> = {};
  const workflows = new Map<string, { total: number; status: typeof status }>();
  let total = 0;
  for (const { workflow, status: name, runs } of counts) {
    const own = workflows.get(workflow) ?? { total: 0, status: {} };
    own.total += runs;
    own.status[name] = (own.status[name] ?? 0) + runs;
    workflows.set(workflow, own);
    status[name] = (status[name] ?? 0) + runs;
    total += runs;
  }
  const sorted = [...workflows].sort(([a], [b]) => (a < b ? -1 : 1));
  return { total, status, workflows: sorted.map(([workflow, own]) => ({ workflow, ...own })) };
}

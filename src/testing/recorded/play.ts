/** A recording played against today's workflow on a real engine in memory: no task runs, every decision of the workflow is made anew. */
import { createMemoryStore } from '../../adapters/memory/index.ts';
import { createSystemIds } from '../../adapters/system/ids.ts';
import { createOrchestrator, type Orchestrator } from '../../orchestrator.ts';
import type { RunnableWorkflow } from '../../ports/bindings.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Store } from '../../ports/store.ts';
import { createRecordedAnswers, type RecordedAnswers } from './recorded-answers.ts';
import { RecordedClock } from './recorded-clock.ts';
import { type Course, isCompared, type RecordedEntry, type Recording } from './recording.ts';

/**
 * Plays what came from outside (results, decisions, signals, time) in the recorded order and gives the course the run takes now. A run that
 * takes another way is played as far as the recording fits.
 *
 * @example expect(await playRecording(order, recording)).toEqual(course);
 */
export async function playRecording(
  workflow: RunnableWorkflow,
  recording: Recording,
): Promise<Course> {
  const [main] = recording.runs;
  if (main === undefined) throw new RangeError('The recording holds no run');
  const store = createMemoryStore();
  const clock = new RecordedClock(main.entries[0]?.atMs ?? 0);
  const answers = createRecordedAnswers(recording.runs);
  const ids = createSystemIds(() => clock.nowMs());
  const orchestrator = await createOrchestrator({
    workflows: [workflow],
    store,
    clock,
    logger: silent,
    executor: answers.executor,
    ids: { ...ids, runId: () => main.runId, random: () => 0 },
  });
  const { actor, labels, priority, startAtMs } = recording;
  await orchestrator.start(workflow.name, recording.input, {
    labels,
    priority,
    ...(actor === null ? {} : { actor }),
    ...(startAtMs === null ? {} : { startAt: startAtMs }),
  });
  await playMoves({ orchestrator, store, clock, answers }, recording);
  const course = await courseOf(orchestrator, main.runId);
  answers.end();
  const closing = orchestrator.close({ graceMs: 0 });
  for (let turn = 0; turn < 50; turn += 1) {
    clock.set(clock.nowMs() + 60_000);
    clock.ring();
    await atRest(2);
  }
  await closing;
  return course;
}

interface Stage {
  readonly orchestrator: Orchestrator;
  readonly store: Store;
  readonly clock: RecordedClock;
  readonly answers: RecordedAnswers;
}

async function playMoves(stage: Stage, { runs }: Recording): Promise<void> {
  const played = new Set<RecordedEntry>();
  for (let before = ''; ; ) {
    await atRest();
    const heads: { runId: string; entry: RecordedEntry }[] = [];
    for (const { runId, entries } of runs) {
      const seq = (await stage.store.load(runId))?.state.seq ?? 0;
      const entry = entries.find((one) => one.seq > seq);
      if (entry !== undefined) heads.push({ runId, entry });
    }
    const nextMs = Math.min(...heads.map(({ entry }) => entry.atMs));
    const now = heads.filter(({ entry }) => entry.atMs === nextMs);
    const standing = heads.map(({ runId, entry }) => `${runId}/${entry.seq}`).join();
    const next = now.find(({ entry }) => entry.move !== undefined && !played.has(entry));
    stage.clock.set(nextMs);
    if (next !== undefined) {
      played.add(next.entry);
      await make(stage, next.runId, next.entry);
    } else if (heads.length === 0 || standing === before) return;
    else {
      before = standing;
      stage.clock.ring();
    }
  }
}

/** What is refused now leaves the run where it stands: the course shows it. */
async function make(
  { orchestrator, answers }: Stage,
  runId: string,
  { move }: RecordedEntry,
): Promise<void> {
  if (move === undefined) return;
  try {
    switch (move.kind) {
      case 'answer':
      case 'items':
        return answers.release(runId, move);
      case 'undo':
        answers.release(runId, move);
        await atRest();
        return answers.holdUndo();
      case 'decide':
        return await orchestrator.decide(runId, move.step, move.decision);
      case 'claim': {
        const { to: _to, ...given } = move.options;
        return await orchestrator.claim(runId, move.step, given);
      }
      case 'release':
      case 'assign':
      case 'delegate': {
        const { actor, reason, groups = [], to = [] } = move.options;
        const given = { actor, ...(reason === undefined ? {} : { reason }) };
        if (move.kind === 'release') return await orchestrator.release(runId, move.step, given);
        if (move.kind === 'assign')
          return await orchestrator.assign(runId, move.step, { ...given, to });
        const [other = ''] = to;
        return await orchestrator.delegate(runId, move.step, { ...given, groups, to: other });
      }
      case 'resolveUndo':
        return await orchestrator.resolveUndo(runId, move.step, move.options);
      case 'signal': {
        const { event, payload, id, actor } = move;
        await orchestrator.signal(runId, event, payload, { id, actor });
        return;
      }
      case 'cancel':
        return await orchestrator.cancel(runId, move.options);
      case 'retry':
        return await orchestrator.retry(runId, move.options);
      case 'pause':
        return await orchestrator.pause(runId, move.options);
      case 'resume':
        return await orchestrator.resume(runId, move.options);
      default:
        return move satisfies never;
    }
  } catch {
    return;
  }
}

async function courseOf(orchestrator: Orchestrator, runId: string): Promise<Course> {
  const { status, outcome, entries } = await orchestrator.get(runId);
  const history = [];
  while (history.length < entries) {
    const page = await orchestrator.history(runId, { afterSeq: history.length });
    if (page.length === 0) break;
    history.push(...page);
  }
  const output = history.findLast(({ step, settles }) => step === 'completion' && settles !== null);
  return {
    events: history
      .filter(({ event }) => isCompared(event))
      .map(({ event, to }) => `${event}: ${to}`),
    status,
    output: status === 'complete' ? (output?.output ?? null) : null,
    failure: outcome?.failure?.message ?? null,
    undone: outcome?.undone ?? [],
    notUndone: outcome?.notUndone.map(({ step }) => step) ?? [],
  };
}

/** Lets promises, commits and what follows from them come to rest. */
async function atRest(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const nothing = () => {};
const silent: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silent,
};

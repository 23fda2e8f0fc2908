/**
 * Plays a script against the real engine. What comes next is read off the run's history, never off a tape: whoever plays the script again
 * after a crash goes on where the run stands.
 */
import { isDeepStrictEqual } from 'node:util';
import { createOrchestrator, type Orchestrator } from '../../orchestrator.ts';
import type { Json } from '../../plan/json.ts';
import type { RunnableWorkflow } from '../../ports/bindings.ts';
import type { HistoryEntry, Store } from '../../ports/store.ts';
import { textOf } from '../../proof/paths/move.ts';
import { validExamples } from '../examples/examples.ts';
import { reviewer } from './answers.ts';
import { ownRunId } from './dataflow.ts';
import { createFaults } from './faults.ts';
import { answerMove, type Given, type Stage } from './moves.ts';
import { repeatLastSignal } from './repeats.ts';
import type { Answer, Script } from './script.ts';
import { createScriptedExecutor, failed, succeeded } from './scripted-executor.ts';
import { createCountingIds, silent, type World } from './world.ts';

/** Something that is not as the path says. */
export interface Difference {
  /** Event after which it shows. */
  readonly after: string;
  readonly what: 'status' | 'state' | 'output' | 'undone' | 'stuck' | 'history';
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Where a run differed from the path it was led along; empty `differences`: nowhere. */
export interface PlayReport {
  /** Empty after a death. */
  readonly runId: string;
  readonly differences: readonly Difference[];
  /** Events of the path that were played; those found in the history of an earlier play are not. */
  readonly played: number;
}

/** Ids of one process must not be those of the next. */
let plays = 0;

const dayMs = 86_400_000;

/** Days pass at once here: nothing is looked at every second. */
const unhurried = {
  maxSleepMs: 365 * dayMs,
  pollMs: dayMs,
  leaseMs: 30 * dayMs,
  keyTtlMs: 36_500 * dayMs,
};

/** A run counts as stuck that has not moved for so many turns of the event loop and so long in real time. */
const maxIdleTurns = 300;
const defaultPatienceMs = 1_000;

/** Turns in which what follows by itself may still come. */
const settlingTurns = 50;

function agrees(expected: Answer, status: string, state: Json): boolean {
  return status === expected.status && isDeepStrictEqual(state, expected.state);
}

/** Starts the script's run, or finds it, and brings it to its end, or to the death of the process it stands for. */
export async function play(script: Script, world: World): Promise<PlayReport> {
  const { died } = world;
  if (died === undefined) return playOn(script, world);
  const { promise: death, resolve } = Promise.withResolvers<PlayReport>();
  const end = () => resolve({ runId: '', differences: [], played: 0 });
  if (died.aborted) end();
  else died.addEventListener('abort', end, { once: true });
  const living = playOn(script, world);
  // What comes of the dead is of no interest, whatever it is.
  living.catch(() => {});
  return Promise.race([death, living]);
}

async function playOn(script: Script, world: World): Promise<PlayReport> {
  const { workflow } = script;
  const faults = createFaults(workflow);
  const reached = await positionOnRecord(script, world.store);
  // What an earlier process left goes on as soon as the orchestrator opens.
  faults.isOn = script.answers[reached]?.move.faulted === true;
  const executor = createScriptedExecutor(
    world.around ?? ((_effect, work) => work()),
    (effect, request) =>
      isScripted(script, effect.step) || effect.kind === 'undo' ? null : unscripted(request),
  );
  const orchestrator = await createOrchestrator({
    workflows: [faults.workflow, ...workflow.bindings.children.values()],
    store: world.store,
    clock: world.clock,
    ids: world.ids ?? createCountingIds(`${(plays += 1)}-`),
    logger: world.logger ?? silent,
    mode: world.mode ?? 'local',
    executor,
    settings: { ...unhurried, ...world.settings },
  });
  const stage: Stage = { orchestrator, executor, faults, world };
  try {
    const [first] = script.answers;
    const isHeld = first?.move.type === 'run.cancelled';
    await openBreakers(script, world);
    const { runId } = await orchestrator.start(workflow.name, script.input, {
      key: script.key,
      actor: 'path-starter',
      ...(isHeld ? { startAt: world.clock.nowMs() + 3_600_000 } : {}),
    });
    if (reached === 0) faults.isOn = false;
    return await driveRun(stage, script, runId, true);
  } finally {
    if (world.died?.aborted !== true) await closed(orchestrator, world);
  }
}

/** @param isOwn - not a child, whose functions never throw */
async function driveRun(
  stage: Stage,
  script: Script,
  runId: string,
  isOwn = false,
): Promise<PlayReport> {
  const { orchestrator, world } = stage;
  const differences: Difference[] = [];
  const record = await follow(orchestrator, runId);
  const here = () => positionIn(record.counts, script);
  const isDead = () => world.died?.aborted === true;
  let played = 0;
  try {
    if (world.comesAgain === true)
      await repeatLastSignal(orchestrator, script, runId, here(), reviewer);
    await compare(here());
    while (here() < script.answers.length && !isDead()) {
      const position = here();
      const isFaulted = script.answers[position]?.move.faulted === true;
      if (isFaulted || isOwn) stage.faults.isOn = isFaulted;
      const hasHappened = await happens(position);
      if (isFaulted) stage.faults.isOn = false;
      if (hasHappened) await compare(here());
      else if (!isDead()) {
        differences.push(await stuckAt(position));
        break;
      }
    }
    if (differences.length === 0 && !isDead()) await compareEnd();
    return { runId, differences, played };
  } finally {
    record.end();
  }

  /** Gives the answer once the run waits for it, and lets the run take it in. */
  async function happens(position: number): Promise<boolean> {
    const answer = script.answers[position];
    if (answer === undefined) return false;
    let isGiven = false;
    let movedMs = performance.now();
    const isPatient = () => performance.now() - movedMs < (world.patienceMs ?? defaultPatienceMs);
    for (let idle = 0; idle < maxIdleTurns || isPatient(); idle += 1) {
      if (here() > position) return true;
      if (isDead()) return false;
      const given = isGiven ? 'given' : await give(answer, position);
      if (given === 'given' && !isGiven) {
        isGiven = true;
        played += 1;
      }
      if (given === 'partly') {
        idle = 0;
        movedMs = performance.now();
      }
      if (here() === position) await turn(idle);
    }
    return here() > position;
  }

  /** A child has a script of its own. */
  async function give(answer: Answer, position: number): Promise<Given> {
    if (answer.child === undefined) return answerMove(stage, script, runId, answer, position);
    const { waitingOn } = await orchestrator.get(runId);
    const { step } = answer.move;
    const open = waitingOn.find((waiting) => waiting.kind === 'child' && waiting.step === step);
    if (open?.runId === undefined || !(await isThere(open.runId, answer.child))) return 'not yet';
    const child = await driveRun(stage, answer.child, open.runId);
    differences.push(...child.differences);
    played += child.played;
    return 'given';
  }

  /** The child has been started; if it is to go on after a failure, it has heard of that. */
  async function isThere(childId: string, { path }: Script): Promise<boolean> {
    const child = await world.store.load(childId);
    return child !== null && (child.state.status !== 'failed' || path.end === 'failed');
  }

  async function stuckAt(position: number): Promise<Difference> {
    const view = await orchestrator.explain(runId);
    const move = script.answers[position - 1]?.move ?? { type: 'run.created', step: 'run' };
    const next = script.answers[position]?.move;
    return {
      after: textOf(move),
      what: 'stuck',
      expected: next === undefined ? null : textOf(next),
      actual: {
        state: view.state,
        waitingOn: view.waitingOn.map(({ kind, step }) => `${kind} ${step}`),
      },
    };
  }

  async function compare(at: number): Promise<void> {
    const expected = script.answers[at - 1];
    if (expected === undefined) return;
    const { state, status } = await orchestrator.explain(runId);
    // Something that follows by itself may have been faster.
    if (here() !== at) return;
    const after = textOf(expected.move);
    for (let turns = 0; turns < settlingTurns && !agrees(expected, status, state); turns += 1) {
      await turn(turns);
      if (here() !== at) return;
    }
    if (status !== expected.status)
      differences.push({ after, what: 'status', expected: expected.status, actual: status });
    else if (!isDeepStrictEqual(state, expected.state))
      differences.push({ after, what: 'state', expected: expected.state, actual: state });
  }

  async function compareEnd(): Promise<void> {
    const view = await orchestrator.get(runId);
    const after = 'the end';
    if (view.status !== script.path.end)
      differences.push({ after, what: 'status', expected: script.path.end, actual: view.status });
    if (view.status === 'complete') {
      const actual = await orchestrator.result(runId);
      const text = JSON.stringify(script.output ?? null);
      const expected = JSON.parse(text.replaceAll(JSON.stringify(ownRunId), JSON.stringify(runId)));
      if (!isDeepStrictEqual(actual, expected))
        differences.push({ after, what: 'output', expected, actual });
    } else if (!isDeepStrictEqual(view.outcome?.undone, script.undone))
      differences.push({
        after,
        what: 'undone',
        expected: script.undone,
        actual: view.outcome?.undone,
      });
    const chain = await orchestrator.verify(runId);
    if (chain.fault !== null)
      differences.push({ after, what: 'history', expected: null, actual: chain.fault });
  }
}

/** Events of the script that stand in the history: the first so many, each as often as it occurs. */
function positionIn(counts: ReadonlyMap<string, number>, script: Script): number {
  const used = new Map<string, number>();
  for (const [position, { move }] of script.answers.entries()) {
    const event = move.faulted === true && move.type !== 'run.started' ? 'run.faulted' : move.type;
    // A verdict stands for the result that a crash has cost.
    const names = [event, event.replace(/\.completed$/, '.happened')];
    const found = names.find((name) => (used.get(name) ?? 0) < (counts.get(name) ?? 0));
    if (found === undefined) return position;
    used.set(found, (used.get(found) ?? 0) + 1);
  }
  return script.answers.length;
}

/** How far an earlier process has come with the script; 0 if none has begun. */
async function positionOnRecord(script: Script, store: Store): Promise<number> {
  for await (const { header, history } of store.export()) {
    if (header.workflow !== script.workflow.name || header.key !== script.key) continue;
    const counts = new Map<string, number>();
    for (const entry of history)
      if (!isConsequence(entry)) counts.set(entry.event, (counts.get(entry.event) ?? 0) + 1);
    return positionIn(counts, script);
  }
  return 0;
}

/** What a step reported stands beside "run.faulted" if what reads it threw: together they are one event of a path. */
function isConsequence({ data }: Pick<HistoryEntry, 'data'>): boolean {
  return data?.['fault'] !== undefined;
}

/** How often each event stands in the run's history, kept up to date. */
async function follow(orchestrator: Orchestrator, runId: string) {
  const counts = new Map<string, number>();
  let lastSeq = 0;
  const count = ({ seq, event, data }: Pick<HistoryEntry, 'seq' | 'event' | 'data'>) => {
    if (seq <= lastSeq) return;
    lastSeq = seq;
    if (isConsequence({ data })) return;
    counts.set(event, (counts.get(event) ?? 0) + 1);
  };
  const early: HistoryEntry[] = [];
  let isRead = false;
  const end = orchestrator.subscribe(
    ({ entry }) => (isRead ? count(entry) : early.push(entry)),
    runId,
  );
  for (const entry of await allHistory(orchestrator, runId)) count(entry);
  isRead = true;
  for (const entry of early) count(entry);
  return { counts, end };
}

async function allHistory(
  orchestrator: Orchestrator,
  runId: string,
): Promise<readonly HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  for (;;) {
    const page = await orchestrator.history(runId, { afterSeq: entries.length, limit: 1_000 });
    entries.push(...page);
    if (page.length < 1_000) return entries;
  }
}

/** Steps of the plan are; reminders and the task that is told of a failure are not. */
function isScripted({ workflow }: Script, path: string): boolean {
  const [step] = path.split('/');
  const isReminder = path.includes('/remind') || path.includes('/escalate/');
  return (
    !isReminder &&
    [workflow, ...workflow.bindings.children.values()].some((one) => hasStep(one, step ?? ''))
  );
}

function hasStep({ plan }: RunnableWorkflow, step: string): boolean {
  return plan.nodes.some(({ id }) => id === step);
}

function unscripted(request: Parameters<Parameters<typeof createScriptedExecutor>[1]>[1]) {
  const { task } = request;
  const [example] = validExamples(
    { what: `output of task "${task.name}"`, contract: task.output },
    1,
  );
  return example === undefined ? failed() : succeeded(example.stored);
}

/** Breakers that defer an attempt on the path are open from before until after it would be made. */
async function openBreakers(script: Script, { store, clock }: World): Promise<void> {
  for (const [index, { move }] of script.answers.entries()) {
    if (!move.type.endsWith('.deferred')) continue;
    const node = script.workflow.plan.nodes.find(({ id }) => id === move.step);
    const policy =
      node?.kind === 'task' ? (node.call.breaker ?? node.fallback?.breaker) : undefined;
    if (policy === undefined) continue;
    const known = (await store.breakers()).find(({ name }) => name === policy.name);
    if (known !== undefined) continue;
    const atMs = script.answers[index - 1]?.atMs ?? 0;
    await store.saveBreaker({
      name: policy.name,
      revision: 1,
      state: 'open',
      failures: policy.failureThreshold,
      openedAtMs: clock.nowMs() + atMs,
      probe: null,
      failureThreshold: policy.failureThreshold,
      resetAfterMs: policy.resetAfterMs,
    });
  }
}

/** A turn of the event loop; later a millisecond, for stores that wait for a disk. */
const turn = (idle: number) =>
  new Promise((resolve) => {
    if (idle < 100) setImmediate(resolve);
    else setTimeout(resolve, 1);
  });

/** What still hangs is left behind; its grace passes on the clock. */
async function closed(orchestrator: Orchestrator, { clock }: World): Promise<void> {
  const closing = orchestrator.close({ graceMs: 0 });
  const still = Symbol('still closing');
  for (let round = 0; round < 50; round += 1) {
    const first = await Promise.race([closing, clock.advance(0).then(() => still)]);
    if (first !== still) return;
  }
}

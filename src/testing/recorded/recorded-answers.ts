/** An executor that runs nothing: attempts end as and when the recording says. */
import type { AttemptOutcome, AttemptRequest, Executor } from '../../ports/executor.ts';
import type { Move, RecordedRun } from './recording.ts';

export interface RecordedAnswers {
  readonly executor: Executor;
  /** The attempt, map or undo of the run that the move is about goes on. */
  release(runId: string, move: Extract<Move, { kind: 'answer' | 'items' | 'undo' }>): void;
  /** The next undo waits for its own answer again. */
  holdUndo(): void;
  /** Whatever still waits ends. */
  end(): void;
}

interface Waiting {
  readonly runId: string;
  readonly step: string;
  readonly resolve: (outcome: AttemptOutcome) => void;
}

export function createRecordedAnswers(runs: readonly RecordedRun[]): RecordedAnswers {
  const recorded = new Map(runs.map((run) => [run.runId, run]));
  const released = new Set<string>();
  let waiting: Waiting[] = [];
  let waitingUndo: ((outcome: AttemptOutcome) => void)[] = [];
  let undo: AttemptOutcome | null = null;
  let hasEnded = false;

  function attempt({ step, context }: AttemptRequest): Promise<AttemptOutcome> {
    const { runId } = context.run;
    if (hasEnded) return Promise.resolve(over);
    const [first = ''] = step.split('/');
    if (step === 'onFailed' || step.includes('/remind/') || step.includes('/escalate/'))
      return Promise.resolve(aside(runId, step));
    if (step !== first && released.has(`${runId}/${first}`))
      return Promise.resolve(recorded.get(runId)?.items[step] ?? over);
    return new Promise((resolve) => waiting.push({ runId, step, resolve }));
  }

  /** Tasks beside the run: what they did is known, when is not. */
  function aside(runId: string, step: string): AttemptOutcome {
    const entries = recorded.get(runId)?.entries ?? [];
    const hasFailed = entries.some(({ event }) => event === 'run.failure_not_handled');
    return step === 'onFailed' && hasFailed ? over : done;
  }

  return {
    executor: {
      attempt,
      undo() {
        if (hasEnded) return Promise.resolve(over);
        if (undo !== null) return Promise.resolve(undo);
        return new Promise((resolve) => waitingUndo.push(resolve));
      },
    },
    release(runId, move) {
      if (move.kind === 'undo') {
        undo = move.outcome;
        for (const resolve of waitingUndo.splice(0)) resolve(undo);
        return;
      }
      if (move.kind === 'items') released.add(`${runId}/${move.step}`);
      const isMeant = (one: Waiting) =>
        one.runId === runId &&
        (move.kind === 'items' ? one.step.startsWith(`${move.step}/`) : one.step === move.step);
      const meant = waiting.filter(isMeant);
      waiting = waiting.filter((one) => !isMeant(one));
      for (const { step, resolve } of meant)
        resolve(move.kind === 'answer' ? move.outcome : (recorded.get(runId)?.items[step] ?? over));
    },
    holdUndo() {
      undo = null;
    },
    end() {
      hasEnded = true;
      for (const { resolve } of waiting) resolve(over);
      for (const resolve of waitingUndo) resolve(over);
      waiting = [];
      waitingUndo = [];
    },
  };
}

const done: AttemptOutcome = { ok: true, output: null, durationMs: 0 };
const over: AttemptOutcome = {
  ok: false,
  durationMs: 0,
  failure: {
    name: 'NotRecorded',
    message: 'The recording says nothing of this attempt',
    retryable: false,
    unclear: false,
  },
};

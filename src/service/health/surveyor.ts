/** Looks at the runs under way now and then, and says in the log which have become stuck. */
import type { Orchestrator } from '../../orchestrator.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import { defaultLimits, type SurveyLimits } from './stuck.ts';
import { type Survey, survey } from './survey.ts';

export interface Surveyor {
  /** The last one; `null`: none was made yet. */
  readonly last: Survey | null;
  /** Makes one now, unless one is being made. */
  look(): Promise<Survey>;
  start(): void;
  close(): Promise<void>;
}

export function createSurveyor(parts: {
  readonly orchestrator: Pick<Orchestrator, 'list'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits?: Partial<SurveyLimits>;
}): Surveyor {
  const { orchestrator, clock, log } = parts;
  const limits = { ...defaultLimits, ...parts.limits };
  let last: Survey | null = null;
  let looking: Promise<Survey> | null = null;
  let cancel = () => {};
  let isClosed = false;
  const known = new Set<string>();

  async function look(): Promise<Survey> {
    const made = await survey(orchestrator, clock.nowMs(), limits);
    const now = new Set(made.stuck.map(({ runId }) => runId));
    for (const { runId, workflow, step, why, message } of made.stuck) {
      if (!known.has(runId)) log.warn({ runId, workflow, step, why }, `a run is stuck: ${message}`);
    }
    known.clear();
    for (const runId of now) known.add(runId);
    last = made;
    return made;
  }

  const lookOnce = () => (looking ??= look().finally(() => (looking = null)));

  function again(delayMs: number): void {
    if (isClosed) return;
    cancel = clock.after(delayMs, () => {
      lookOnce()
        .catch((error: unknown) => log.error({ err: error }, 'the runs could not be surveyed'))
        .finally(() => again(limits.everyMs));
    });
  }

  return {
    get last() {
      return last;
    },
    look: lookOnce,
    start: () => again(0),
    async close() {
      isClosed = true;
      cancel();
      await looking?.catch(() => {});
    },
  };
}

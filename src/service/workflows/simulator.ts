/** Simulations take seconds of computing: one after the other, bit by bit, and everybody else is served in between. */
import { setImmediate as others } from 'node:timers/promises';
import { SignalboxError } from '../../errors.ts';
import type { Simulation, SimulationReport } from '../../simulation/simulate.ts';

export interface Simulator {
  /**
   * @param begin - called when its turn has come
   * @throws SignalboxError `CLOSED` if nobody waits for it any more
   */
  run(begin: () => Simulation, signal: AbortSignal): Promise<SimulationReport>;
}

/** Things that happen in one bit: some milliseconds. */
const eventsAtOnce = 50;

export function createSimulator(): Simulator {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(begin, signal) {
      const turn = last.then(() => work(begin, signal));
      last = turn.catch(() => null);
      return turn;
    },
  };
}

async function work(begin: () => Simulation, signal: AbortSignal): Promise<SimulationReport> {
  const simulation = begin();
  do {
    if (signal.aborted)
      throw new SignalboxError('CLOSED', 'Nobody waits for the simulation any more');
    await others();
  } while (simulation.advance(eventsAtOnce));
  return simulation.report();
}

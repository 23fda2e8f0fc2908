import type { AnyStateMachine } from 'xstate';
import type { RunnableWorkflow } from '../ports/bindings.ts';

declare const contract: unique symbol;

/** A defined workflow: its plan, which is data, and the functions the plan names. */
export interface Workflow<in I, out O> extends RunnableWorkflow {
  readonly [contract]: (input: I) => O;
  /**
   * The chart as an XState machine that runs by itself, in memory and without an engine. It begins when its actor is started; states are those
   * of the lifecycle, and `snapshot.output` is the run's output once it is `complete`. It takes the events of its steps from outside:
   * `approval.decided`, `payment.received`, `run.cancelled`, `run.retried`. Time is the clock of the actor.
   *
   * @example
   * const actor = createActor(incidentResponse.machine, { input: alert }).start();
   * actor.send({ type: 'approval.decided', outcome: 'approved', decider: { actor: 'ann' }, form: { reason: 'ok' } });
   * const { output } = await waitFor(actor, (snapshot) => snapshot.matches('complete'));
   */
  readonly machine: AnyStateMachine;
}

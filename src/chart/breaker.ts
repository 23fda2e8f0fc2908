/** The circuit breaker as a statechart of its own: closed, open, half open; one probe; the first failed probe opens it again. */
import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  assign,
  createActor,
  createMachine,
} from 'xstate';

export interface BreakerContext {
  /** Consecutive failures while closed. */
  readonly failures: number;
  readonly failureThreshold: number;
  readonly resetAfterMs: number;
  readonly openedAtMs: number | null;
  readonly probe: { readonly by: string; readonly expiresAtMs: number } | null;
}

export type BreakerState = 'closed' | 'open' | 'half_open';

/** `attempt.*` are outcomes of calls the breaker let through; `probe.claimed` asks to be the one call that tries again. */
export type BreakerEvent =
  | { readonly type: 'attempt.succeeded'; readonly by: string }
  | { readonly type: 'attempt.failed'; readonly by: string; readonly atMs: number }
  | {
      readonly type: 'probe.claimed';
      readonly by: string;
      readonly atMs: number;
      readonly expiresAtMs: number;
    }
  /** The attempt that probed ended without saying anything of the service. */
  | { readonly type: 'probe.released'; readonly by: string }
  /** Somebody knows that the service is well again. */
  | { readonly type: 'reset.requested' };

interface Arguments {
  readonly context: BreakerContext;
  readonly event: BreakerEvent;
}

const opens = assign(({ event }: Arguments) => ({
  openedAtMs: 'atMs' in event ? event.atMs : null,
  probe: null,
  failures: 0,
}));
const closes = assign(() => ({ openedAtMs: null, probe: null, failures: 0 }));
const claims = assign(({ event }: Arguments) =>
  event.type === 'probe.claimed' ? { probe: { by: event.by, expiresAtMs: event.expiresAtMs } } : {},
);
const isProbe = ({ context, event }: Arguments) => 'by' in event && context.probe?.by === event.by;

const machine: AnyStateMachine = createMachine(
  {
    initial: 'closed',
    states: {
      closed: {
        on: {
          'attempt.succeeded': { guard: 'hasFailures', actions: closes },
          'reset.requested': { guard: 'hasFailures', actions: closes },
          'attempt.failed': [
            { guard: 'reachesThreshold', target: 'open', actions: opens },
            { actions: assign(({ context }: Arguments) => ({ failures: context.failures + 1 })) },
          ],
        },
      },
      open: {
        on: {
          'probe.claimed': { guard: 'isRested', target: 'half_open', actions: claims },
          'reset.requested': { target: 'closed', actions: closes },
        },
      },
      half_open: {
        on: {
          'attempt.succeeded': { guard: isProbe, target: 'closed', actions: closes },
          'attempt.failed': { guard: isProbe, target: 'open', actions: opens },
          'probe.claimed': { guard: 'isAbandoned', actions: claims },
          'probe.released': { guard: isProbe, actions: assign(() => ({ probe: null })) },
          'reset.requested': { target: 'closed', actions: closes },
        },
      },
    },
  } as never,
  {
    guards: {
      hasFailures: ({ context }: Arguments) => context.failures > 0,
      reachesThreshold: ({ context }: Arguments) =>
        context.failures + 1 >= context.failureThreshold,
      isRested: ({ context, event }: Arguments) =>
        event.type === 'probe.claimed' &&
        event.atMs >= (context.openedAtMs ?? 0) + context.resetAfterMs,
      isAbandoned: ({ context, event }: Arguments) =>
        event.type === 'probe.claimed' &&
        (context.probe === null || event.atMs >= context.probe.expiresAtMs),
    },
  } as never,
);

const scope = (() => {
  const self = createActor(machine);
  const nothing = () => {};
  return {
    self,
    system: self.system,
    id: '',
    sessionId: '',
    logger: nothing,
    defer: nothing,
    stopChild: nothing,
    emit: nothing,
    actionExecutor: nothing,
  };
})();

/** @returns `null` if the event changes nothing */
export function advanceBreaker(
  state: BreakerState,
  context: BreakerContext,
  event: BreakerEvent,
): { readonly state: BreakerState; readonly context: BreakerContext } | null {
  const before = machine.resolveState({ value: state, context }) as AnyMachineSnapshot;
  const after = machine.transition(before as never, event, scope as never) as AnyMachineSnapshot;
  if (after === before) return null;
  return { state: after.value as BreakerState, context: after.context as BreakerContext };
}

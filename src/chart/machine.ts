/** The chart as a genuine XState machine. Assignments change the context; every other action is an effect that the engine collects. */
import { type AnyStateMachine, assign, createMachine } from 'xstate';
import type { Chart, ChartGuard } from './chart.ts';
import { attemptsOf, type ChartContext, initialContext } from './context.ts';
import type { ChartEvent } from './events.ts';
import { isOpen } from './guards.ts';

/** What an action makes of the context: the keys it changes. */
export type Assignment = (
  context: ChartContext,
  event: ChartEvent,
  params: Readonly<Record<string, unknown>>,
) => Partial<ChartContext>;

const without = <T>(
  record: { readonly [key: string]: T },
  keys: ReadonlySet<string>,
): { [key: string]: T } =>
  Object.fromEntries(Object.entries(record).filter(([key]) => !keys.has(key)));

/** What each assignment does to the context. */
const assignments: { readonly [name: string]: Assignment } = {
  reset: () => initialContext,
  track: (context, _event, { step }) => ({ running: [...context.running, String(step)] }),
  untrack: (context, _event, { step }) => ({
    running: context.running.filter((other) => other !== step),
  }),
  giveUpRunning: (context, _event, { except }) => {
    const kept: ReadonlySet<unknown> = new Set(Array.isArray(except) ? except : []);
    return {
      doubts: [...context.doubts, ...context.running.filter((step) => !kept.has(step))],
      running: context.running.filter((step) => kept.has(step)),
    };
  },
  settle: (context, _event, { step }) => ({
    settled: { ...context.settled, [String(step)]: true },
  }),
  forget: (context, _event, { facts }) => ({
    settled: {},
    ...(Array.isArray(facts) && facts.length > 0
      ? { facts: without(context.facts, new Set(facts.map(String))) }
      : {}),
  }),
  countUndo: (context, event) => ({ undoable: context.undoable + (event.undo ?? 1) }),
  countAttempt: (context, _event, { step }) => ({
    attempts: { ...context.attempts, [String(step)]: attemptsOf(context, String(step)) + 1 },
  }),
  forgetAttempts: (context, _event, { step }) =>
    !Object.hasOwn(context.attempts, String(step))
      ? {}
      : { attempts: without(context.attempts, new Set([String(step)])) },
  doubt: (context, _event, { step }) => ({ doubts: [...context.doubts, String(step)] }),
  /** It is cut off while it runs: nobody knows what has happened. */
  doubtRunning: (context, _event, { step }) =>
    context.running.includes(String(step)) ? { doubts: [...context.doubts, String(step)] } : {},
  clearDoubt: (context, _event, { step }) => ({
    doubts: context.doubts.filter((other) => other !== step),
  }),
  fail: (context, event, { step }) => ({
    failure: context.failure ??
      event.failure ?? {
        step: String(step),
        name: 'Error',
        message: `"${String(step)}" failed`,
        retryable: false,
      },
  }),
  failWith: (context, _event, { step, message }) => ({
    failure: context.failure ?? {
      step: String(step),
      name: 'Failed',
      message: String(message),
      retryable: false,
    },
  }),
  cancel: (context, event) =>
    context.failure === null
      ? {
          cancel: {
            mode: event.mode ?? 'drain',
            reason: event.reason ?? context.cancel?.reason ?? null,
          },
        }
      : {},
  beginUndo: () => ({ undo: { position: 0, failed: 0, attempts: 0 } }),
  countUndoAttempt: (context) => ({
    undo: { position: 0, failed: 0, ...context.undo, attempts: (context.undo?.attempts ?? 0) + 1 },
  }),
  countUndone: (context, _event, { failed }) => ({
    undo: {
      position: (context.undo?.position ?? 0) + 1,
      failed: (context.undo?.failed ?? 0) + (failed === true ? 1 : 0),
      attempts: 0,
    },
  }),
};

/** Assignments by name. @param keep - facts that some guard of the chart reads; others never enter the context */
export function assignmentsKeeping(keep: ReadonlySet<string>): {
  readonly [name: string]: Assignment;
} {
  return {
    ...assignments,
    learn: (context, event) =>
      event.facts === undefined ? {} : { facts: { ...context.facts, ...pick(event.facts, keep) } },
    begin: (_context, event) => ({ ...initialContext, facts: pick(event.facts, keep) }),
  };
}

/** Actions that ask for something outside. */
export const effectNames = [
  'attempt',
  'child',
  'map',
  'emit',
  'await',
  'review',
  'vote',
  'object',
  'escalate',
  'decide',
  'timer',
  'withdraw',
  'abandon',
  'skip',
  'stop',
  'undo',
  'finish',
] as const;

const guardNames: readonly ChartGuard['type'][] = [
  'ready',
  'retryable',
  'tolerated',
  'policy',
  'canDecide',
  'faulted',
  'isRunning',
  'stopped',
  'somethingToUndo',
  'nothingToUndo',
  'undoLeft',
  'undone',
  'undoRetryable',
  'mayRetry',
];

interface Arguments {
  readonly context: ChartContext;
  readonly event: ChartEvent;
}

/** What a machine begins with and ends with, as XState wants it: values or functions. */
export interface MachineEnds {
  readonly context: unknown;
  readonly output?: unknown;
}

/**
 * @param keep - facts that some guard of the chart reads; others never enter the context
 */
export function toMachine(
  chart: Chart,
  keep: ReadonlySet<string>,
  ends: MachineEnds = { context: initialContext },
): AnyStateMachine {
  const guards = Object.fromEntries(
    guardNames.map((type) => [
      type,
      ({ context, event }: Arguments, params: unknown) =>
        isOpen({ type, params } as ChartGuard, context, event),
    ]),
  );
  const assigns = Object.fromEntries(
    Object.entries(assignmentsKeeping(keep)).map(([name, change]) => [
      name,
      assign(
        ({ context, event }: Arguments, params: Readonly<Record<string, unknown>> | undefined) =>
          change(context, event, params ?? {}),
      ),
    ]),
  );
  const effects = Object.fromEntries(effectNames.map((name) => [name, () => {}]));
  const config = { ...chart, ...ends };
  // XState's own types describe one machine at a time; this one is data, and its names are checked by the differential tests.
  return createMachine(config as never, { guards, actions: { ...effects, ...assigns } } as never);
}

function pick(
  facts: ChartEvent['facts'],
  keep: ReadonlySet<string>,
): { [id: string]: boolean | string } {
  return Object.fromEntries(Object.entries(facts ?? {}).filter(([id]) => keep.has(id)));
}

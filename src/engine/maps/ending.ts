/** How a map ends, and with what. */
import { SignalboxError } from '../../errors.ts';
import { failureOf } from '../../failure.ts';
import type { Json, JsonObject } from '../../plan/json.ts';
import type { MapStep } from '../../plan/plan.ts';
import type { AttemptFailure } from '../../ports/executor.ts';
import { canonical } from '../canonical.ts';
import { toError } from '../failure-data.ts';
import type { Incoming } from '../incoming.ts';
import type { ItemState } from './items.ts';
import type { Pass } from './pass.ts';

/** The event by which the map ends when nothing more of it begins. */
export function endingOf(
  pass: Pass,
  count: number,
  states: ReadonlyMap<number, ItemState>,
  maxBytes: number,
): Incoming {
  const { node } = pass;
  if (pass.failure !== null) {
    const { index, failure } = pass.failure;
    return failing(
      pass,
      { ...failure, message: `Item ${index}: ${failure.message}` },
      hasCompleted(states),
    );
  }
  if (pass.isStopping || pass.abort.signal.aborted) {
    const stopped: AttemptFailure = {
      name: 'Stopped',
      message: `Map "${node.id}" was stopped`,
      retryable: false,
      unclear: false,
    };
    return failing(pass, stopped, hasCompleted(states));
  }
  const output = collected(node, count, states);
  const bytes = Buffer.byteLength(canonical(output));
  if (bytes > maxBytes) {
    const error = new SignalboxError(
      'PAYLOAD_TOO_LARGE',
      `The results of map "${node.id}" have ${bytes} bytes; at most ${maxBytes} are kept`,
    );
    return failing(pass, { ...failureOf(error), name: 'PayloadTooLarge' }, hasCompleted(states));
  }
  return {
    event: { type: `${node.id}.completed`, undo: isUndoable(node) && hasCompleted(states) ? 1 : 0 },
    actor: 'signalbox',
    step: node.id,
    settles: { value: output, output },
  };
}

/** The map fails. @param someCompleted - whether there is something of it to undo */
export function failing(pass: Pass, failure: AttemptFailure, someCompleted: boolean): Incoming {
  const summary = {
    step: pass.node.id,
    name: failure.name,
    message: failure.message,
    retryable: false,
  };
  return {
    event: {
      type: `${pass.node.id}.failed`,
      failure: summary,
      undo: isUndoable(pass.node) && someCompleted ? 1 : 0,
    },
    actor: 'signalbox',
    step: pass.node.id,
    error: toError({
      ...summary,
      ...(failure.cause === undefined ? {} : { cause: failure.cause }),
    }),
    isFinalFailure: true,
  };
}

/** Of some item at least one task. */
export function hasCompleted(states: ReadonlyMap<number, ItemState>): boolean {
  return [...states.values()].some((state) => Object.keys(state.results).length > 0);
}

function isUndoable(node: MapStep): boolean {
  return node.body.some((part) => part.kind === 'task' && part.call.compensate !== 'none');
}

/** One value an item, or what became of each where failures are collected. */
function collected(node: MapStep, count: number, states: ReadonlyMap<number, ItemState>): Json {
  const ordered = Array.from({ length: count }, (_, index) => states.get(index)).filter(
    (state) => state !== undefined,
  );
  if (node.onItemFailure === 'fail') return ordered.map((state) => state.output ?? null);
  return {
    complete: ordered.flatMap((state) =>
      state.output === undefined
        ? []
        : [{ index: state.index, item: state.item, value: state.output }],
    ),
    failed: ordered.flatMap((state) =>
      state.failure === undefined
        ? []
        : [{ index: state.index, item: state.item, failure: withoutInternals(state.failure) }],
    ),
  };
}

function withoutInternals(failure: JsonObject): JsonObject {
  const { unclear: _unclear, ...shown } = failure;
  return shown;
}

/** Maps in memory: items side by side, each task of an item in turn, with its own retries. */
import type { AnyActorRef } from 'xstate';
import { failureOf } from '../../failure.ts';
import type { Json, JsonObject } from '../../plan/json.ts';
import type { MapStep, TaskStep } from '../../plan/plan.ts';
import { nextDelayMs } from '../../plan/retry-policy.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { AttemptFailure } from '../../ports/executor.ts';
import { type Surroundings, surroundingsOf, tell } from './alarms.ts';
import { failureEvent, infoOf, noJitter, timed } from './attempts.ts';
import { callTask, type HandlerOutcome, toJson } from './handlers.ts';
import { itemReader } from './items.ts';
import { type DoneItem, type MachineEvent, type Memory, type Parts, readerOf } from './memory.ts';

interface Pass {
  readonly parts: Parts;
  readonly memory: Memory;
  readonly node: MapStep;
  readonly self: AnyActorRef;
  readonly around: Surroundings;
  readonly controller: AbortController;
  /** In order of completion of their last task. */
  readonly done: DoneItem[];
  failure: { readonly index: number; readonly failure: AttemptFailure } | null;
}

interface Item {
  readonly index: number;
  readonly item: Json;
}

type ItemOutcome =
  | (Item & { readonly value: Json })
  | (Item & { readonly failure: AttemptFailure; readonly attempts: number })
  /** Not begun, because the map stopped. */
  | null;

/** Never rejects. */
export async function runMap(
  parts: Parts,
  memory: Memory,
  self: AnyActorRef,
  node: MapStep,
): Promise<void> {
  const around = surroundingsOf(self);
  const controller = around.begin(node.id);
  const pass: Pass = { parts, memory, node, self, around, controller, done: [], failure: null };
  const event = await work(pass).catch((error: unknown) => failing(pass, failureOf(error)));
  if (around.end(node.id, controller)) tell(self, event);
}

async function work(pass: Pass): Promise<MachineEvent> {
  const { parts, memory, node } = pass;
  const items = itemsOf(node, resolveWiring(node.items, readerOf(parts, memory)));
  const outcomes: ItemOutcome[] = items.map(() => null);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && pass.failure === null && !isStopped(pass)) {
      const index = next;
      next += 1;
      outcomes[index] = await runItem(pass, { index, item: items[index] ?? null });
    }
  };
  await Promise.all(Array.from({ length: Math.min(node.concurrency, items.length) }, worker));
  if (pass.failure !== null) {
    const { index, failure } = pass.failure;
    return failing(pass, { ...failure, message: `Item ${index}: ${failure.message}` });
  }
  if (isStopped(pass)) {
    const message = `Map "${node.id}" was stopped`;
    return failing(pass, { name: 'Stopped', message, retryable: false, unclear: false });
  }
  const output = collected(node, outcomes);
  return { type: `${node.id}.completed`, output, ...undoOf(pass) };
}

/** By force, or so that no further item begins. */
function isStopped({ node, around, controller }: Pass): boolean {
  return controller.signal.aborted || around.isHalted(node.id);
}

function itemsOf(node: MapStep, value: unknown): readonly Json[] {
  if (!Array.isArray(value)) {
    const found = value === null || value === undefined ? String(value) : typeof value;
    throw new TypeError(`Map "${node.id}" needs a list and got ${found}`);
  }
  const list = value.map(toJson);
  const { batch } = node;
  if (batch === undefined) return list;
  return Array.from({ length: Math.ceil(list.length / batch) }, (_, index) =>
    list.slice(index * batch, (index + 1) * batch),
  );
}

async function runItem(pass: Pass, item: Item): Promise<ItemOutcome> {
  const results: Record<string, Json> = {};
  let attempts = 1;
  const fail = (failure: AttemptFailure): ItemOutcome => {
    if (pass.node.onItemFailure === 'fail') pass.failure ??= { index: item.index, failure };
    return { ...item, failure, attempts };
  };
  try {
    for (const part of pass.node.body) {
      if (part.kind !== 'task') continue;
      const ended = await runPart(pass, part, item, results);
      attempts = ended.attempts;
      if (!ended.outcome.ok) return fail(ended.outcome.failure);
      results[part.id] = ended.outcome.output;
    }
    const { parts, memory, node } = pass;
    const read = itemReader(parts, memory, node.body, { ...item, results });
    return { ...item, value: toJson(resolveWiring(node.yields, read)) };
  } catch (error) {
    return fail({ ...failureOf(error), retryable: false });
  } finally {
    if (Object.keys(results).length > 0) pass.done.push({ ...item, results });
  }
}

async function runPart(
  pass: Pass,
  part: TaskStep,
  item: Item,
  results: DoneItem['results'],
): Promise<{ readonly outcome: HandlerOutcome; readonly attempts: number }> {
  const { parts, memory, node, self, around, controller } = pass;
  const path = `${node.id}/${item.index}/${part.id}`;
  const input = resolveWiring(
    part.input,
    itemReader(parts, memory, node.body, { ...item, results }),
  );
  for (let attempts = 1; ; attempts += 1) {
    const outcome = await timed(self, around, part.call, path, new AbortController(), (signal) =>
      callTask(parts.bindings.tasks.get(part.call.task), {
        ...infoOf(parts, memory, path, attempts, AbortSignal.any([signal, controller.signal])),
        input,
        checkpoints: around.checkpointsOf(path),
        entities: around.entities,
      }),
    );
    if (outcome.ok || !outcome.failure.retryable || isStopped(pass)) return { outcome, attempts };
    const { retryAfterMs } = outcome.failure;
    const delayMs = nextDelayMs(part.call.retry, attempts, noJitter, retryAfterMs);
    if (delayMs === null) return { outcome, attempts };
    await new Promise<void>((resolve) => around.after(self, delayMs, resolve));
  }
}

function collected(node: MapStep, outcomes: readonly ItemOutcome[]): Json {
  const ended = outcomes.filter((outcome) => outcome !== null);
  if (node.onItemFailure === 'fail')
    return ended.map((outcome) => ('value' in outcome ? outcome.value : null));
  return {
    complete: ended.flatMap((outcome) => ('value' in outcome ? [{ ...outcome }] : [])),
    failed: ended.flatMap((outcome) => ('failure' in outcome ? [failedItem(outcome)] : [])),
  };
}

function failedItem(
  outcome: Extract<ItemOutcome, { readonly failure: AttemptFailure }>,
): JsonObject {
  const { index, item, failure, attempts } = outcome;
  const { unclear: _, ...shown } = failure;
  return { index, item, failure: { ...shown, attempts } };
}

function failing(pass: Pass, failure: AttemptFailure): MachineEvent {
  const { id } = pass.node;
  return {
    type: `${id}.failed`,
    ...failureEvent(id, { ...failure, retryable: false }),
    ...undoOf(pass),
  };
}

function undoOf({ node, done }: Pass): Pick<MachineEvent, 'undo' | 'items'> {
  const isUndoable = node.body.some(
    (part) =>
      part.kind === 'task' &&
      part.call.compensate !== 'none' &&
      done.some((item) => Object.hasOwn(item.results, part.id)),
  );
  return isUndoable ? { undo: 1, items: done } : { undo: 0 };
}

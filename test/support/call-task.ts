import { entitiesInMemory } from '../../src/definition/in-memory/entities.ts';
import { type Task, taskParts } from '../../src/definition/task.ts';
import type {
  AttemptInfo,
  Contract,
  HandlerContext,
  TaskBinding,
} from '../../src/ports/bindings.ts';
import type { Logger } from '../../src/ports/logger.ts';

/** Runs a task's handler once, without an engine: input and output pass their contracts, failures are thrown. */
export async function callTask<I, O, F>(
  task: Task<I, O, F>,
  input: I,
  attempt: Partial<Attempt & Pick<HandlerContext, 'heartbeat'>> = {},
): Promise<O> {
  const binding = bindingOf(task);
  const output = await binding.run({
    ...anAttempt(attempt),
    input: parsed(binding.input, input),
    fail: (code) => {
      throw new Error(`The task failed with "${code}"`);
    },
    checkpoint: (_name, compute) => compute(),
    heartbeat: attempt.heartbeat ?? (() => {}),
  });
  return parsed(binding.output, output) as O; // its contract has just been checked
}

/** Undoes a step that was completed with this output. */
export async function undoTask<I, O, F>(
  task: Task<I, O, F>,
  step: { input: I; output: O },
  attempt: Partial<Attempt> = {},
): Promise<void> {
  const { undo } = bindingOf(task);
  if (undo === null) throw new Error(`Task "${task.name}" has no handler that undoes it`);
  await undo({ ...anAttempt(attempt), ...step });
}

type Attempt = AttemptInfo & Pick<HandlerContext, 'resources'>;

const silence: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silence };

function anAttempt(given: Partial<Attempt>): Attempt {
  return {
    attempt: 1,
    startedAtMs: 0,
    resources: {},
    entities: entitiesInMemory(),
    idempotencyKey: 'run-1/step/1',
    signal: new AbortController().signal,
    log: silence,
    run: { runId: 'run-1', workflow: 'workflow', version: 1, startedAtMs: 0 },
    ...given,
  };
}

function bindingOf(task: object): TaskBinding {
  const parts = taskParts(task);
  if (parts === null) throw new Error('Not made by defineTask');
  return parts.binding;
}

function parsed(contract: Contract, value: unknown): unknown {
  const result = contract.parse(value);
  if (result.ok) return result.value;
  throw new Error(JSON.stringify(result.issues));
}

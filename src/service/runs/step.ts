/** What is known of one step of a run, from its history and its plan alone. */
import { redact } from '../../engine/redact.ts';
import { SignalboxError } from '../../errors.ts';
import { factsOf } from '../../plan/dependencies.ts';
import type { Json } from '../../plan/json.ts';
import { isStep, type Plan, type StepNode } from '../../plan/plan.ts';
import { sensitiveValues } from '../../plan/sensitive.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { HistoryEntry, RunHeader } from '../../ports/store.ts';
import { codeOfStep } from '../code.ts';
import type { ServiceParts } from '../parts.ts';
import { nodesOfRun } from './drawing.ts';
import { entriesOf } from './history.ts';
import { planOfRun, storedRun } from './plan-of-run.ts';

/** @throws SignalboxError `STEP_UNKNOWN` if the workflow has no such step */
export async function stepOf(parts: ServiceParts, runId: string, stepId: string) {
  const { header, state } = await storedRun(parts, runId);
  const plan = await planOfRun(parts, runId);
  const node = plan.nodes.filter(isStep).find(({ id }) => id === stepId);
  if (node === undefined && stepId !== 'completion') throw unknownStep(plan, stepId);
  const view = await parts.orchestrator.get(runId);
  const known = await collect(parts, runId, stepId, state.generation);
  const [result] = known.own.filter(({ settles }) => settles !== null).slice(-1);
  const attempts = known.own.filter(({ attempt }) => attempt !== null);
  const durations = attempts.flatMap(({ durationMs }) => (durationMs === null ? [] : [durationMs]));
  const row = (await nodesOfRun(parts, runId, { view: 'steps' })).find(
    (each) => each.node === stepId,
  );
  return {
    step: stepId,
    kind: node?.kind ?? 'review',
    title: row?.title ?? stepId,
    state: row?.state ?? null,
    input: node === undefined ? null : inputOf(node, plan, header.input, known.values),
    inputHash: known.own.findLast(({ inputHash }) => inputHash !== null)?.inputHash ?? null,
    output: result?.output ?? null,
    outputDigest: result?.outputDigest ?? null,
    error: known.own.findLast(({ error }) => error !== null)?.error ?? null,
    attempts: attempts.map(({ attempt, event, seq, atMs, durationMs, error }) => ({
      attempt,
      event,
      seq,
      at: iso(atMs),
      durationMs,
      error,
    })),
    startedAt: startOf(known.own),
    settledAt: result === undefined ? null : iso(result.atMs),
    durationMs: durations.length === 0 ? null : durations.reduce((sum, each) => sum + each, 0),
    guards: guardsOf(node, known.facts),
    waiting: view.waitingOn.filter(({ step }) => step === stepId),
    ...codeOfStep(node ?? null, codeOf(parts, header)),
  };
}

/** Of the code that its attempts would run now: a run keeps its plan, and takes the functions of today. */
function codeOf({ orchestrator }: ServiceParts, { workflow, version }: RunHeader) {
  return orchestrator.workflows.find((each) => each.name === workflow && each.version === version)
    ?.code;
}

interface Known {
  /** Entries of the step. */
  readonly own: readonly HistoryEntry[];
  /** Results by step, and what was derived from them. Nothing marked sensitive. */
  readonly values: ReadonlyMap<string, Json>;
  readonly facts: ReadonlyMap<string, boolean | string>;
}

async function collect(
  parts: ServiceParts,
  runId: string,
  step: string,
  generation: number,
): Promise<Known> {
  const own: HistoryEntry[] = [];
  const values = new Map<string, Json>();
  const facts = new Map<string, boolean | string>();
  for await (const entry of entriesOf(parts, runId)) {
    if (entry.generation !== generation) continue;
    if (entry.step === step) own.push(entry);
    if (entry.step !== null && entry.settles === 'complete' && entry.output !== undefined)
      values.set(entry.step, entry.output);
    for (const [id, value] of Object.entries(entry.data?.['derived'] ?? {})) values.set(id, value);
    for (const [id, fact] of Object.entries(entry.data?.['facts'] ?? {}))
      if (typeof fact === 'boolean' || typeof fact === 'string') facts.set(id, fact);
  }
  return { own, values, facts };
}

/** Recomputed: the history keeps the hash of an input, not the input. */
function inputOf(node: StepNode, plan: Plan, input: Json, values: ReadonlyMap<string, Json>): Json {
  const wiring = wiringOf(node);
  if (wiring === undefined) return null;
  const value = resolveWiring(wiring, (of) => (of === '$input' ? input : values.get(of)));
  const own = node.kind === 'task' ? node.call.sensitive.input : [];
  // JSON throughout: recorded results, and what the plan wires them into
  const plain = (value === undefined ? null : JSON.parse(JSON.stringify(value))) as Json;
  return redact(plain, [...sensitiveValues(plan).ofWiring(wiring), ...own]);
}

function wiringOf(node: StepNode) {
  switch (node.kind) {
    case 'task':
    case 'child':
      return node.input;
    case 'review':
      return node.show;
    case 'map':
      return node.items;
    case 'emit':
      return node.payload;
    case 'sleep':
      return node.for;
    case 'wait':
    case 'fail':
      return undefined;
    default:
      return node satisfies never;
  }
}

/** Under the names people know: the label of a guard, the id of a choice. */
function guardsOf(node: StepNode | undefined, facts: ReadonlyMap<string, boolean | string>) {
  const ids = new Set<string>();
  for (const { condition } of node?.gates ?? []) factsOf(condition, ids);
  return Object.fromEntries(
    [...ids].flatMap((id) => {
      const fact = facts.get(id);
      return fact === undefined ? [] : [[id.replace(/^\?/, ''), fact] as const];
    }),
  );
}

/** When its first entry that took time began, or else when it settled. */
function startOf(own: readonly HistoryEntry[]): string | null {
  const [first] = own;
  return first === undefined ? null : iso(first.atMs - (first.durationMs ?? 0));
}

const iso = (ms: number) => new Date(ms).toISOString();

function unknownStep({ name, nodes }: Plan, step: string): SignalboxError {
  const steps = nodes.filter(isStep).map(({ id }) => id);
  return new SignalboxError('STEP_UNKNOWN', `Workflow "${name}" has no step "${step}"`, {
    details: { workflow: name, step },
    hint: `Its steps are: ${steps.join(', ')}`,
  });
}

/** Creating a run: its input parsed at the door, its key claimed in the same commit. */

import { z } from 'zod';
import { SignalboxError } from '../errors.ts';
import { issuesText } from '../plan/issues.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import { copyJson, kindOf } from '../plan/json-value.ts';
import type { Priority } from '../plan/plan.ts';
import type { RunnableWorkflow } from '../ports/bindings.ts';
import type { RunHeader, RunState } from '../ports/store.ts';
import { applyEvent } from './apply.ts';
import { canonical, digest } from './canonical.ts';
import type { Definition } from './catalogue.ts';
import { type Draft, openItem, record } from './draft.ts';
import { genesisHash } from './history-entry.ts';
import type { LiveRun } from './live-run.ts';
import { accept, Name, Text } from './texts.ts';

/** Who starts a run, when, and under which key. */
export interface StartOptions {
  /** Idempotency key: the same key and input give the same run, the same key and another input a conflict. */
  readonly key?: string;
  /** Who asks; excluded from reviews whose requester may not decide. */
  readonly actor?: string;
  /** For finding the run; kept as they are. */
  readonly labels?: { readonly [name: string]: string };
  /** Which of the waiting works begin first. Default: `default`. */
  readonly priority?: Priority;
  /** Wall time in milliseconds since 1970; the run stays `pending` until then. */
  readonly startAt?: number;
}

/** @throws SignalboxError `INPUT_INVALID` with paths, `PAYLOAD_TOO_LARGE` */
export function parseInput(workflow: RunnableWorkflow, input: unknown, maxBytes: number): Json {
  const stored = checkInput(workflow, input);
  assertSize(`Input of workflow "${workflow.name}"`, stored, maxBytes);
  return stored;
}

/** @throws SignalboxError `INPUT_INVALID` with paths */
export function checkInput(workflow: RunnableWorkflow, input: unknown): Json {
  const parsed = workflow.bindings.input.parse(input);
  if (!parsed.ok) {
    throw new SignalboxError(
      'INPUT_INVALID',
      `Input of workflow "${workflow.name}": ${issuesText(parsed.issues, 'input')}`,
      {
        details: { workflow: workflow.name, issues: parsed.issues },
      },
    );
  }
  return parsed.stored;
}

/** Longest time a date of JavaScript can hold, in milliseconds since 1970. */
const maxDateMs = 8.64e15;

const Options = z.strictObject({
  key: Text.min(1).max(1_000).optional(),
  actor: Name.optional(),
  labels: z.unknown().optional(),
  priority: z.enum(['high', 'default', 'low']).optional(),
  startAt: z.unknown().optional(),
});

/** @throws SignalboxError `INPUT_INVALID` naming the option, `PAYLOAD_TOO_LARGE` */
export function checkOptions(options: StartOptions, maxBytes: number): void {
  accept('Options of a start', Options, options);
  checkStartAt(options);
  checkLabels(options, maxBytes);
}

/** A time in the past starts at once. @throws SignalboxError `INPUT_INVALID` if it is no time at all */
function checkStartAt({ startAt }: StartOptions): void {
  if (startAt === undefined || (startAt >= 0 && startAt <= maxDateMs)) return;
  throw new SignalboxError(
    'INPUT_INVALID',
    `Option "startAt" must be a time in milliseconds since 1970, got ${String(startAt)}`,
    { details: { startAt } },
  );
}

/** @throws SignalboxError `INPUT_INVALID` if one of them is no text, `PAYLOAD_TOO_LARGE` */
function checkLabels({ labels }: StartOptions, maxBytes: number): void {
  if (labels == null) return;
  acceptJson('Option "labels"', labels, 'INPUT_INVALID', maxBytes);
  if (Array.isArray(labels))
    throw new SignalboxError('INPUT_INVALID', 'Option "labels" must be an object, not a list');
  for (const [name, text] of Object.entries(labels)) {
    if (typeof text === 'string') continue;
    throw new SignalboxError(
      'INPUT_INVALID',
      `Label "${name}" must be a text, not ${kindOf(text)}`,
      { details: { label: name } },
    );
  }
}

export function assertSize(what: string, value: unknown, maxBytes: number): void {
  const bytes = Buffer.byteLength(canonical(value));
  if (bytes <= maxBytes) return;
  throw new SignalboxError(
    'PAYLOAD_TOO_LARGE',
    `${what} has ${bytes} bytes; at most ${maxBytes} are accepted`,
    {
      details: { bytes, maxBytes },
      hint: 'Pass a reference to the data instead of the data',
    },
  );
}

/**
 * What comes from outside is JSON of bounded size, before any schema sees it. `undefined` stays what it is.
 *
 * @returns a copy
 * @throws SignalboxError of the code, with paths, or `PAYLOAD_TOO_LARGE`
 */
export function acceptJson(
  what: string,
  value: unknown,
  code: 'INPUT_INVALID' | 'FORM_INVALID' | 'OUTPUT_INVALID',
  maxBytes: number,
): Json | undefined {
  if (value === undefined) return undefined;
  const copied = copyJson(value);
  if (!copied.ok) {
    throw new SignalboxError(code, `${what}: ${issuesText(copied.issues)}`, {
      details: { issues: copied.issues },
    });
  }
  assertSize(what, copied.value, maxBytes);
  return copied.value;
}

export interface NewRun {
  readonly id: string;
  readonly workflow: RunnableWorkflow;
  readonly definition: Definition;
  readonly input: Json;
  readonly options: StartOptions;
  readonly parent: RunHeader['parent'];
  readonly depth: number;
  readonly nowMs: number;
}

export function createRun({
  id,
  workflow,
  definition,
  input,
  options,
  parent,
  depth,
  nowMs,
}: NewRun): LiveRun {
  const header: RunHeader = {
    id,
    workflow: workflow.name,
    version: workflow.version,
    planHash: workflow.plan.hash,
    input,
    actor: options.actor ?? null,
    key: options.key ?? null,
    labels: options.labels ?? {},
    priority: options.priority ?? 'default',
    parent,
    depth,
    createdAtMs: nowMs,
  };
  return emptyRun(header, definition);
}

/** A run of which nothing has happened yet. */
export function emptyRun(header: RunHeader, definition: Definition): LiveRun {
  const state: RunState = {
    revision: 0,
    epoch: 0,
    lease: null,
    status: 'pending',
    generation: 1,
    updatedAtMs: header.createdAtMs,
    finishedAtMs: null,
    pausedAtMs: null,
    seq: 0,
    headHash: genesisHash,
    active: false,
    dueAtMs: null,
    awaits: [],
    reviews: [],
    body: {},
  };
  return {
    header,
    definition,
    state,
    snapshot: definition.compiled.initial,
    open: [],
    mailbox: [],
    data: initialData(definition),
    milestones: [],
    outcome: null,
    compensatedBy: null,
    late: [],
    held: [],
    heldMs: 0,
    moves: [],
    progress: new Map(),
    facts: new Map(),
    derived: new Map(),
    completed: [],
    undone: [],
    notUndone: [],
    resolved: [],
    recorded: null,
    reusedFrom: null,
    failedChildren: new Map(),
  };
}

function initialData(definition: Definition): JsonObject {
  return Object.fromEntries(
    Object.entries(definition.plan.context).map(([key, declared]) => [key, declared.initial]),
  );
}

/** The first commit: created, and started at once unless it is to start later. */
export function begin(draft: Draft, options: StartOptions): void {
  const { run, tools } = draft;
  const actor = run.header.actor ?? 'anonymous';
  const { parent } = run.header;
  const wantedAtMs =
    options.startAt !== undefined && options.startAt > tools.nowMs
      ? Math.ceil(options.startAt)
      : null;
  // Accepted while its workflow is paused, it begins when that is over.
  const startAtMs = wantedAtMs ?? (draft.hold === null ? null : tools.nowMs);
  const data = {
    ...(parent === null ? {} : { parent }),
    ...(startAtMs === null ? {} : { startAtMs }),
  };
  record(draft, {
    atMs: tools.nowMs,
    event: 'run.created',
    actor,
    from: null,
    to: 'pending',
    inputHash: digest(run.header.input),
    ...(Object.keys(data).length === 0 ? {} : { data }),
  });
  if (startAtMs !== null) {
    awaitStart(draft, startAtMs);
    return;
  }
  applyEvent(draft, { event: { type: 'run.started' }, actor });
}

export function awaitStart(draft: Draft, startAtMs: number): void {
  openItem(draft, {
    kind: 'timer',
    step: 'run',
    name: 'started',
    sinceMs: draft.tools.nowMs,
    dueAtMs: startAtMs,
  });
}

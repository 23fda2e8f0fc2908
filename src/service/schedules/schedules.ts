/** What can be asked of schedules. */
import type { z } from 'zod';
import type { AnswerOf, ParsedOf } from '../../api/route.ts';
import type { schedules as calls, Schedule as ScheduleShape } from '../../api/schedules.ts';
import { checkInput } from '../../engine/start.ts';
import { SignalboxError } from '../../errors.ts';
import type { Orchestrator } from '../../orchestrator.ts';
import { definitionInvalid } from '../../plan/problem.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Store } from '../../ports/store.ts';
import type { Schedule } from '../../triggers/schedule.ts';
import { dstOf, slotsOf, upcoming, wallAt } from '../../triggers/slots.ts';
import type { Trigger } from '../../triggers/trigger.ts';
import { localText } from '../../triggers/wall-clock.ts';
import { aFire, type Deps, fresh } from './advance.ts';
import { backfill } from './backfill.ts';
import { createBook, type Entry } from './book.ts';
import { createRegistry, fromDefinition, type Registered } from './registry.ts';
import { createScheduler } from './scheduler.ts';
import { beginSlot } from './starter.ts';
import type { FireRecord, ScheduleState } from './state.ts';
import { fireView, isAhead, problemOf, scheduleView, slotView } from './view.ts';

type View = z.input<typeof ScheduleShape>;
type Calls = typeof calls;

export interface Schedules {
  list(): Promise<readonly View[]>;
  /** @throws SignalboxError `TRIGGER_UNKNOWN`, as all that name one */
  get(name: string): Promise<View>;
  fires(name: string, query: ParsedOf<Calls['fires']>['query']): Promise<AnswerOf<Calls['fires']>>;
  /** @throws SignalboxError `DEFINITION_INVALID` */
  preview(body: ParsedOf<Calls['preview']>['body']): AnswerOf<Calls['preview']>;
  /** @throws SignalboxError `DEFINITION_INVALID`, `WORKFLOW_UNKNOWN`, `TRIGGER_CONFLICT` if the name is taken */
  create(body: ParsedOf<Calls['create']>['body'], actor: string): Promise<View>;
  /** @throws SignalboxError `TRIGGER_CONFLICT` if it stands in the code */
  remove(name: string): Promise<void>;
  pause(name: string, reason: string, actor: string): Promise<View>;
  resume(name: string, actor: string): Promise<View>;
  run(name: string, actor: string): Promise<AnswerOf<Calls['run']>>;
  /** @throws SignalboxError `INPUT_INVALID` if the range is none or not past */
  backfill(
    name: string,
    body: ParsedOf<Calls['backfill']>['body'],
    actor: string,
  ): Promise<AnswerOf<Calls['backfill']>>;
  /** Those of other triggers instead of those of the code; what the store knows of a name stays. @throws SignalboxError `DEFINITION_INVALID` */
  prepare(triggers: readonly Trigger[]): () => Promise<void>;
  /** Begins to fire. */
  start(): void;
  /** Brings every schedule up to now. */
  look(): Promise<void>;
  close(): Promise<void>;
}

const shownFires = 10;
const attempts = 10;
const mostSchedules = 1_000;

/** @throws SignalboxError `DEFINITION_INVALID` if two have one name */
export function schedulesOf(triggers: readonly Trigger[]): readonly Schedule[] {
  const found = new Map<string, Schedule>();
  for (const trigger of triggers) {
    if (trigger.trigger !== 'schedule') continue;
    if (found.has(trigger.name)) {
      throw definitionInvalid({ trigger: trigger.name }, 'there are two schedules of this name');
    }
    found.set(trigger.name, trigger);
  }
  return [...found.values()];
}

export function createSchedules(parts: {
  readonly store: Store;
  readonly orchestrator: Orchestrator;
  readonly clock: Clock;
  readonly log: Logger;
  /** Those of the code. */
  readonly schedules: readonly Schedule[];
}): Schedules {
  const { store, orchestrator, clock, log } = parts;
  const book = createBook(store, log);
  const registry = createRegistry(book, parts.schedules);
  const deps: Deps = { book, orchestrator, clock };
  const scheduler = createScheduler({
    ...deps,
    registry,
    isShared: store.shared,
    log,
  });

  async function view({ schedule, source }: Registered): Promise<View> {
    const nowMs = clock.nowMs();
    const { state } = (await book.entry(schedule.name)) ?? fresh(schedule, nowMs);
    const fires = await book.fires(schedule.name, { limit: shownFires });
    const problem = problemOf(schedule, orchestrator, { state, nowMs });
    const last = fires.map(({ fire }) => fire);
    return scheduleView(schedule, source, state, last, { nowMs, problem });
  }

  /** Compare-and-set, again as long as others are faster. */
  async function change(
    { schedule }: Registered,
    to: (state: ScheduleState, nowMs: number) => ScheduleState,
    written?: (state: ScheduleState, nowMs: number) => readonly FireRecord[],
  ): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const nowMs = clock.nowMs();
      const entry = (await book.entry(schedule.name)) ?? fresh(schedule, nowMs);
      const fires = written?.(entry.state, nowMs) ?? [];
      if (await book.save(entry, to(entry.state, nowMs), fires)) return;
    }
    throw conflict(`Schedule "${schedule.name}" keeps changing; try again`);
  }

  async function checkFree(name: string): Promise<Entry | null> {
    const entry = await book.entry(name);
    if (registry.isInCode(name) || (entry !== null && entry.state.definition !== null))
      throw conflict(`There is a schedule "${name}" already`);
    if ((await registry.all()).length >= mostSchedules)
      throw conflict(`There are ${mostSchedules} schedules already`);
    return entry;
  }

  return {
    async list() {
      return Promise.all((await registry.all()).map(view));
    },
    get: async (name) => view(await registry.get(name)),
    async fires(name, { limit, cursor }) {
      await registry.get(name);
      const found = await book.fires(name, {
        limit,
        ...(cursor === undefined ? {} : { before: cursor }),
      });
      const next = found.length === limit ? (found.at(-1)?.key ?? null) : null;
      return { fires: found.map(({ fire }) => fireView(fire)), cursor: next };
    },
    preview({ cron, timeZone, dst, count, after }) {
      const policy = dstOf(cron, dst);
      const slots = slotsOf({ cron, timeZone, dst: policy });
      if ('problem' in slots) throw new SignalboxError('DEFINITION_INVALID', slots.problem);
      const fromMs = after === undefined ? clock.nowMs() : Date.parse(after);
      return { slots: upcoming(slots, fromMs, count).map(slotView), dst: policy };
    },
    async create({ name, workflow, paused, dst, description, ...rest }, actor) {
      const definition = {
        ...rest,
        workflow,
        description: description ?? null,
        dst: dstOf(rest.cron, dst),
      };
      const schedule = fromDefinition(name, definition);
      const target = orchestrator.workflows.find((known) => known.name === workflow);
      if (target === undefined) {
        throw new SignalboxError(
          'WORKFLOW_UNKNOWN',
          `No workflow "${workflow}" is registered here`,
          {
            details: { workflow },
          },
        );
      }
      checkInput(target, rest.input);
      const known = await checkFree(name);
      const nowMs = clock.nowMs();
      const entry = fresh(schedule, nowMs);
      const state = {
        ...entry.state,
        fires: known?.state.fires ?? 0,
        definition,
        paused: paused ? { atMs: nowMs, actor, reason: 'Created paused' } : null,
      };
      if (!(await book.save({ ...entry, revision: known?.revision ?? 0 }, state)))
        throw conflict(`There is a schedule "${name}" already`);
      void scheduler.look();
      return view({ schedule, source: 'api' });
    },
    async remove(name) {
      const { source } = await registry.get(name);
      if (source === 'code') {
        throw new SignalboxError('TRIGGER_CONFLICT', `Schedule "${name}" stands in the code`, {
          hint: 'Remove it there, or pause it',
        });
      }
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        const entry = await book.entry(name);
        if (entry === null || (await book.remove(entry))) return;
      }
      throw conflict(`Schedule "${name}" keeps changing; try again`);
    },
    async pause(name, reason, actor) {
      const found = await registry.get(name);
      await change(found, (state, atMs) => ({
        ...state,
        paused: state.paused ?? { atMs, actor, reason },
      }));
      return view(found);
    },
    async resume(name, actor) {
      const found = await registry.get(name);
      const { schedule } = found;
      await change(
        found,
        (state, nowMs) => ({
          ...state,
          paused: null,
          handledUntilMs: resumedFrom(state, nowMs),
        }),
        (state, nowMs) => pausedSlots(schedule, state, nowMs, actor),
      );
      void scheduler.look();
      return view(found);
    },
    async run(name, actor) {
      const found = await registry.get(name);
      const { schedule } = found;
      const nowMs = clock.nowMs();
      const local = localText(nowMs, wallAt(schedule.rule.timeZone, nowMs));
      const intent = { slotMs: nowMs, local, cause: 'manual' as const };
      const begun = await beginSlot(orchestrator, schedule, intent, { actor, nowMs });
      const fire = { ...aFire(intent, nowMs), ...begun, actor };
      await change(
        found,
        (state) => state,
        () => [fire],
      );
      return fireView(fire);
    },
    async backfill(name, body, actor) {
      const found = await registry.get(name);
      return backfill(deps, found.schedule, body, {
        actor,
        record: (fires) =>
          change(
            found,
            (state) => state,
            () => fires,
          ),
      });
    },
    prepare(triggers) {
      const fresh = schedulesOf(triggers);
      return async () => {
        registry.replace(fresh);
        await scheduler.look();
      };
    },
    start: () => scheduler.start(),
    look: () => scheduler.look(),
    close: () => scheduler.close(),
  };
}

function resumedFrom(state: ScheduleState, nowMs: number): number {
  if (state.paused === null) return state.handledUntilMs;
  return isAhead(state, nowMs) ? nowMs : Math.max(state.handledUntilMs, nowMs);
}

/** The slots of a pause, as one entry. */
function pausedSlots(
  schedule: Schedule,
  { paused, handledUntilMs }: ScheduleState,
  nowMs: number,
  actor: string,
): readonly FireRecord[] {
  if (paused === null) return [];
  const most = 500;
  const slots = upcoming(schedule.slots, handledUntilMs, most).filter(({ atMs }) => atMs <= nowMs);
  const [first] = slots;
  if (first === undefined) return [];
  const intent = { slotMs: first.atMs, local: first.local, cause: 'schedule' as const };
  return [
    {
      ...aFire(intent, nowMs),
      outcome: 'missed',
      reason: `Paused by ${paused.actor}${paused.reason === null ? '' : `: ${paused.reason}`}`,
      count: slots.length,
      isAtLeast: slots.length === most,
      actor,
    },
  ];
}

function conflict(message: string): SignalboxError {
  return new SignalboxError('TRIGGER_CONFLICT', message);
}

import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { createClient } from '../../src/client/index.ts';
import {
  createOrchestrator,
  defineEvent,
  defineSchedule,
  defineWorkflow,
  type Orchestrator,
  type Schedule,
} from '../../src/index.ts';
import type { Store } from '../../src/ports/store.ts';
import { createApp } from '../../src/service/app.ts';
import { dueSlots, nextBeginMs } from '../../src/service/schedules/due.ts';
import { createSchedules, type Schedules } from '../../src/service/schedules/schedules.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { silent } from '../../src/testing/player/world.ts';
import { upcoming } from '../../src/triggers/slots.ts';
import { openPair } from '../support/sqlite-pair.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** A Monday. */
const midnight = Date.UTC(2026, 0, 5);

const Tick = z.object({ at: z.string() });
const stop = defineEvent({ name: 'stop', payload: z.object({}) });
const slow = defineWorkflow({
  name: 'slow',
  version: 1,
  input: Tick,
  steps: (w) => {
    w.waitFor('stopped', stop);
    return w.finish(w.input, { approve: 'automatic' });
  },
});
const quick = defineWorkflow({
  name: 'quick',
  version: 1,
  input: Tick,
  steps: (w) => w.finish(w.input, { approve: 'automatic' }),
});

type Options = Partial<Parameters<typeof defineSchedule<z.input<typeof Tick>>>[0]>;

/** Every ten minutes, unless it is said otherwise. */
function aSchedule(options: Options = {}): Schedule {
  return defineSchedule({
    name: 'job',
    cron: '*/10 * * * *',
    workflow: quick,
    input: ({ at }) => ({ at }),
    ...options,
  } as Parameters<typeof defineSchedule<z.input<typeof Tick>>>[0]);
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Town {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly orchestrator: Orchestrator;
  readonly schedules: Schedules;
  /** Slots that have runs, oldest first. */
  slots(): Promise<readonly string[]>;
}

/** @param before - what goes on living when a process of the town has died */
async function aTown(
  given: readonly Schedule[],
  before?: Pick<Town, 'clock' | 'store'>,
): Promise<Town> {
  const clock = before?.clock ?? new ManualClock(midnight);
  const store = before?.store ?? createMemoryStore();
  const orchestrator = await createOrchestrator({
    workflows: [slow, quick],
    store,
    clock,
    logger: silent,
  });
  const schedules = createSchedules({ store, orchestrator, clock, log: silent, schedules: given });
  schedules.start();
  closing.push(() => orchestrator.close());
  closing.push(() => schedules.close());
  await schedules.look();
  return {
    clock,
    store,
    orchestrator,
    schedules,
    async slots() {
      const { runs } = await orchestrator.list({ limit: 1_000 });
      return runs.map(({ labels }) => (labels['signalbox.slot'] ?? '').slice(5, 16)).sort();
    },
  };
}

async function outcomes({ schedules }: Town): Promise<readonly string[]> {
  const { fires } = await schedules.fires('job', { limit: 100 });
  return fires.map(({ slot, outcome }) => `${slot.slice(11, 16)} ${outcome}`).reverse();
}

describe('schedules and time', () => {
  it('starts a run for each slot, with the input of the slot, and never one of the past', async () => {
    const town = await aTown([aSchedule()]);

    await town.clock.advance(35 * minuteMs);

    expect(await town.slots()).toEqual(['01-05T00:10', '01-05T00:20', '01-05T00:30']);
    const { runs } = await town.orchestrator.list({});
    expect(runs[0]).toMatchObject({
      workflow: 'quick',
      actor: 'schedule:job',
      key: 'schedule:job:2026-01-05T00:30:00.000Z',
    });
  });

  it('goes on beside one whose record cannot be read', async () => {
    const town = await aTown([aSchedule()]);
    await town.store.saveRecords([
      { collection: 'schedules', key: 'broken', expectedRevision: 0, value: { fires: 'many' } },
    ]);

    await town.clock.advance(15 * minuteMs);

    expect(await town.slots()).toEqual(['01-05T00:10']);
    expect((await town.schedules.list()).map(({ name }) => name)).toEqual(['job']);
  });

  it('publishes an event for each slot, to whatever waits for it', async () => {
    const schedule = defineSchedule({ name: 'job', cron: '*/10 * * * *', event: stop, input: {} });
    const town = await aTown([schedule]);
    const { runId } = await town.orchestrator.start(slow, { at: 'x' });

    await town.clock.advance(11 * minuteMs);

    expect(await town.orchestrator.get(runId)).toMatchObject({ status: 'complete' });
    expect(await outcomes(town)).toEqual(['00:10 published']);
  });

  it('C-01: a wall clock set forward an hour is noticed within half a minute; slots in between follow the catch-up limit', async () => {
    const town = await aTown([aSchedule({ catchUp: 2 })]);
    await town.clock.advance(11 * minuteMs);

    town.clock.jump(hourMs);
    await town.clock.advance(30_000);

    expect(await town.slots()).toEqual(['01-05T00:10', '01-05T01:00', '01-05T01:10']);
  });

  it('C-02: a wall clock set back an hour repeats no slot', async () => {
    const town = await aTown([aSchedule()]);
    await town.clock.advance(21 * minuteMs);

    town.clock.jump(-hourMs);
    await town.clock.advance(70 * minuteMs);

    expect(await town.slots()).toEqual(['01-05T00:10', '01-05T00:20', '01-05T00:30']);
  });

  it('C-03: a clock set back before a restart repeats no slot either', async () => {
    const town = await aTown([aSchedule()]);
    await town.clock.advance(21 * minuteMs);
    await town.schedules.close();

    town.clock.jump(-hourMs);
    const next = await aTown([aSchedule()], town);
    await town.clock.advance(60 * minuteMs);

    expect(await next.slots()).toEqual(['01-05T00:10', '01-05T00:20']);
  });

  it('C-02: a clock that was a year ahead is told as a problem, and a resumed schedule goes on from now', async () => {
    const town = await aTown([aSchedule()]);
    town.clock.jump(365 * dayMs);
    await town.clock.advance(30_000);
    town.clock.jump(-365 * dayMs);
    expect((await town.schedules.get('job')).problem).toContain('The clock was ahead');

    await town.schedules.pause('job', 'wrong clock', 'ann');
    await town.schedules.resume('job', 'ann');
    await town.clock.advance(10 * minuteMs);

    expect((await town.schedules.get('job')).problem).toBeNull();
    expect(await town.slots()).toContain('01-05T00:10');
  });

  it('C-08: the night of the gap and the night of the overlap have one run each', async () => {
    const nightly = aSchedule({ cron: '30 2 * * *', timeZone: 'Europe/Berlin' });
    for (const [day, slots] of [
      ['2026-03-29T00:00:00Z', ['03-29T01:00']],
      ['2026-10-25T00:00:00Z', ['10-25T00:30']],
    ] as const) {
      const clock = new ManualClock(Date.parse(day));
      const town = await aTown([nightly], { clock, store: createMemoryStore() });

      await clock.advance(3 * hourMs);

      expect(await town.slots()).toEqual(slots);
    }
  });

  for (const catchUp of [0, 1, 5]) {
    it(`C-09: of three days that were missed every minute, ${catchUp} slots are made up for`, async () => {
      const schedule = aSchedule({ cron: '* * * * *', catchUp });
      const town = await aTown([schedule]);
      await town.schedules.close();

      town.clock.jump(3 * dayMs + 10 * minuteMs + 30_000);
      const next = await aTown([schedule], town);

      // One of the slots has just come, and is not late.
      expect(await next.slots()).toHaveLength(catchUp + 1);
      const { fires } = await next.schedules.fires('job', { limit: 10 });
      expect(fires.at(-1)).toMatchObject({ outcome: 'missed', count: 500, isAtLeast: true });
      expect((await next.slots()).at(-1)).toBe('01-08T00:10');
    });
  }

  it('begins each slot later by its own jitter, the same one in every process', async () => {
    const schedule = aSchedule({ jitter: '5m' });
    const [one, other] = [await aTown([schedule]), await aTown([schedule])];
    for (const town of [one, other]) await town.clock.advance(65 * minuteMs);

    const begins = async ({ orchestrator }: Town) =>
      (await orchestrator.list({})).runs.map(({ createdAt }) => createdAt);

    expect(await begins(one)).toEqual(await begins(other));
    const offsets = (await begins(one)).map((at) => Date.parse(at) % (10 * minuteMs));
    expect(new Set(offsets).size).toBe(6);
    expect(Math.max(...offsets)).toBeLessThan(5 * minuteMs);
  });

  it('misses no slot by a jitter that is longer than the way to the next one', () => {
    const schedule = aSchedule({ jitter: '6h', catchUp: 0 });
    const slots = upcoming(schedule.slots, midnight, 100).map(({ atMs }) => atMs);
    let handledUntilMs = midnight;
    for (const slotMs of slots) {
      const nowMs = nextBeginMs(schedule, handledUntilMs) ?? Number.NaN;
      const { missed, fire } = dueSlots(schedule, handledUntilMs, nowMs);

      expect(missed).toBeNull();
      expect(fire.map(({ slot, cause }) => [slot.atMs, cause])).toEqual([[slotMs, 'schedule']]);
      handledUntilMs = slotMs;
    }
  });

  it('misses no slot of the last minute, however many there are', () => {
    const schedule = aSchedule({ cron: '* * * * * *', catchUp: 2 });
    const after = (seconds: number) => dueSlots(schedule, midnight, midnight + seconds * 1_000);

    expect(after(20)).toMatchObject({ missed: null });
    expect(after(20).fire.map(({ cause }) => cause)).toEqual(Array(20).fill('schedule'));
    expect(after(100).missed).toMatchObject({ count: 37 });
    expect(after(100).fire.map(({ cause }) => cause)).toEqual([
      ...Array(2).fill('catch_up'),
      ...Array(61).fill('schedule'),
    ]);
  });
});

describe('a slot while the last run still runs', () => {
  it('is left out', async () => {
    const town = await aTown([aSchedule({ workflow: slow, overlap: 'skip' })]);
    await town.clock.advance(35 * minuteMs);

    expect(await outcomes(town)).toEqual(['00:10 started', '00:20 skipped', '00:30 skipped']);
  });

  it('starts another', async () => {
    const town = await aTown([aSchedule({ workflow: slow, overlap: 'allow' })]);
    await town.clock.advance(35 * minuteMs);

    expect(await outcomes(town)).toEqual(['00:10 started', '00:20 started', '00:30 started']);
  });

  it('waits for its end, one slot at most', async () => {
    const town = await aTown([aSchedule({ workflow: slow, overlap: 'queue' })]);
    await town.clock.advance(35 * minuteMs);
    expect(await outcomes(town)).toEqual(['00:10 started', '00:20 queued', '00:30 skipped']);

    await town.orchestrator.publish(stop, {});
    await town.clock.advance(1_000);

    expect(await outcomes(town)).toEqual(['00:10 started', '00:20 started', '00:30 skipped']);
  });

  it('does not wait longer because the run ended just before anybody listened', async () => {
    const town = await aTown([]);
    const { store, clock, orchestrator } = town;
    let looks = 0;
    let hasEnded = false;
    const ending: Orchestrator = {
      ...orchestrator,
      async get(runId) {
        const run = await orchestrator.get(runId);
        looks += 1;
        // the last one before the slot waits
        if (looks === 2) {
          await orchestrator.publish(stop, {});
          await clock.advance(1_000);
          hasEnded = (await orchestrator.get(runId)).status === 'complete';
        }
        return run;
      },
    };
    const schedules = createSchedules({
      store,
      orchestrator: ending,
      clock,
      log: silent,
      schedules: [aSchedule({ workflow: slow, overlap: 'queue' })],
    });
    closing.push(() => schedules.close());
    await schedules.look();
    clock.jump(10 * minuteMs);
    await schedules.look();
    clock.jump(10 * minuteMs);
    await schedules.look();

    expect(hasEnded).toBe(true);
    expect(await outcomes({ ...town, schedules })).toEqual(['00:10 started', '00:20 started']);
  });

  it('cancels it, and starts when it has ended', async () => {
    const town = await aTown([aSchedule({ workflow: slow, overlap: 'cancel' })]);
    await town.clock.advance(25 * minuteMs);

    expect(await outcomes(town)).toEqual(['00:10 started', '00:20 started']);
    const { runs } = await town.orchestrator.list({});
    expect(runs.map(({ status }) => status).sort()).toEqual(['cancelled', 'processing']);
  });
});

describe('a slot and processes that die or compete', () => {
  it('has one run if the process dies between start and entry', async () => {
    const town = await aTown([aSchedule()]);
    const { store, clock } = town;
    const saveRecords = store.saveRecords.bind(store);
    let writes = 0;
    // The second write of a slot is the entry about its start.
    const dying: Store = {
      ...store,
      saveRecords: (changes) =>
        ++writes % 2 === 0 ? Promise.reject(new Error('died')) : saveRecords(changes),
    };
    await town.schedules.close();
    const doomed = await aTown([aSchedule()], { clock, store: dying });
    await clock.advance(10 * minuteMs + 1);
    await doomed.schedules.close();

    const next = await aTown([aSchedule()], { clock, store });

    expect(await next.slots()).toEqual(['01-05T00:10']);
    expect(await outcomes(next)).toEqual(['00:10 started']);
  });

  it('has one run if it is taken up two days after such a death, when the key of the start is forgotten', async () => {
    const town = await aTown([aSchedule({ cron: '0 0 * * 1' })]);
    const { store, clock } = town;
    const saveRecords = store.saveRecords.bind(store);
    clock.jump(7 * dayMs - 1_000);
    store.saveRecords = (changes) =>
      changes.length > 1 ? Promise.reject(new Error('died')) : saveRecords(changes);
    await clock.advance(30_000);
    await town.schedules.close();
    store.saveRecords = saveRecords;
    clock.jump(2 * dayMs);

    const next = await aTown([aSchedule({ cron: '0 0 * * 1' })], { clock, store });

    expect(await next.slots()).toEqual(['01-12T00:00']);
  });

  it('has one run if two processes fire at the same time', async () => {
    const town = await aTown([aSchedule()]);
    const other = createSchedules({ ...town, log: silent, schedules: [aSchedule()] });
    other.start();
    closing.push(() => other.close());

    await town.clock.advance(35 * minuteMs);

    expect(await town.slots()).toEqual(['01-05T00:10', '01-05T00:20', '01-05T00:30']);
    expect(await outcomes(town)).toEqual(['00:10 started', '00:20 started', '00:30 started']);
  });

  it('has one run if two processes on one database fire at the same time', async () => {
    const { a, b } = await openPair({ workflows: () => [quick] });
    const sides = [a, b].map(({ store, engine, clock }) => {
      const schedules = createSchedules({
        store,
        orchestrator: engine,
        clock,
        log: silent,
        schedules: [aSchedule()],
      });
      schedules.start();
      closing.push(() => schedules.close());
      return { clock, schedules };
    });

    for (let slot = 1; slot <= 3; slot += 1) {
      for (const { clock } of sides) clock.jump(9.5 * minuteMs);
      await Promise.all(sides.map(({ clock }) => clock.advance(30_000)));
      await Promise.all(sides.map(({ schedules }) => schedules.look()));
    }

    const { runs } = await a.engine.list({});
    const slots = runs.map(({ labels }) => `${labels['signalbox.slot']}`.slice(11, 16));
    expect(slots.sort()).toEqual(['00:10', '00:20', '00:30']);
    const { fires } = await sides[0]!.schedules.fires('job', { limit: 10 });
    expect(fires.map(({ outcome }) => outcome)).toEqual(['started', 'started', 'started']);
  });

  it('is an entry of its own if its input cannot be made, and the next one fires all the same', async () => {
    let calls = 0;
    const input = ({ at }: { at: string }) => {
      calls += 1;
      if (calls === 1) throw new Error('no figures yet');
      return { at };
    };
    const town = await aTown([aSchedule({ input })]);
    await town.clock.advance(25 * minuteMs);

    const { fires } = await town.schedules.fires('job', { limit: 10 });

    expect(fires).toMatchObject([
      { outcome: 'started' },
      { outcome: 'failed', reason: 'no figures yet' },
    ]);
  });
});

describe('schedules over 24 hours', () => {
  it('B-12: a day of slots every five minutes leaves no more entries than are kept', async () => {
    const town = await aTown([aSchedule({ cron: '*/5 * * * *' })]);
    let most = 0;

    // Between two slots the wall clock jumps; nothing would happen there.
    for (let slot = 1; slot <= 288; slot += 1) {
      town.clock.jump(5 * minuteMs - 30_000);
      await town.clock.advance(30_000);
      if (slot % 12 !== 0) continue;
      const finishedBefore = new Date(town.clock.nowMs() - hourMs);
      await town.orchestrator.prune({ finishedBefore });
      most = Math.max(most, (await town.slots()).length);
    }

    expect((await town.schedules.get('job')).lastFires[0]).toMatchObject({
      slot: '2026-01-06T00:00:00.000Z',
      outcome: 'started',
    });
    expect(most).toBeLessThanOrEqual(13);
    const records = await town.store.records('schedule-fires', { limit: 1_000 });
    expect(records).toHaveLength(100);
    expect(await town.store.records('schedules', { limit: 1_000 })).toHaveLength(1);
  });
});

describe('calls about schedules', () => {
  async function aService(triggers: readonly Schedule[]) {
    const clock = new ManualClock(midnight);
    const store = createMemoryStore();
    const orchestrator = await createOrchestrator({
      workflows: [slow, quick],
      store,
      clock,
      logger: silent,
    });
    const app = await createApp({ orchestrator, store, clock, triggers });
    closing.push(() => orchestrator.close());
    closing.push(() => app.close());
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    return { clock, client: createClient({ url }).schedules, orchestrator };
  }
  const job = { params: { name: 'job' } };

  it('shows the next ten slots with the marks of the night clocks are set', async () => {
    const { client } = await aService([
      aSchedule({ cron: '30 2 * * *', timeZone: 'Europe/Berlin' }),
    ]);

    const { schedules } = await client.list();
    const preview = await client.preview({
      body: { cron: '30 2 * * *', timeZone: 'Europe/Berlin', after: '2026-03-28T12:00:00Z' },
    });

    expect(schedules).toMatchObject([{ name: 'job', source: 'code', overlap: 'skip', catchUp: 1 }]);
    expect(schedules[0]?.next).toHaveLength(10);
    expect(preview.slots[0]).toEqual({
      at: '2026-03-29T01:00:00.000Z',
      local: '2026-03-29T03:00:00+02:00',
      dst: 'moved',
    });
    expect(preview.dst).toEqual({ gap: 'after', repeat: 'once' });
  });

  it('pauses with a reason, says what was missed by it, and goes on with the next slot', async () => {
    const { client, clock, orchestrator } = await aService([aSchedule()]);
    await client.pause({ ...job, body: { reason: 'month end' } });

    await clock.advance(35 * minuteMs);
    expect((await client.get(job)).paused).toMatchObject({
      reason: 'month end',
      actor: 'developer',
    });
    await client.resume(job);
    await clock.advance(10 * minuteMs);

    const { fires } = await client.fires(job);
    expect(fires).toMatchObject([
      { outcome: 'started', slot: '2026-01-05T00:40:00.000Z' },
      { outcome: 'missed', count: 3, reason: 'Paused by developer: month end' },
    ]);
    expect((await orchestrator.list({})).runs).toHaveLength(1);
  });

  it('runs now, as whoever asked', async () => {
    const { client, orchestrator } = await aService([aSchedule()]);

    const { runId, cause } = await client.run({ ...job, body: {} });

    expect(cause).toBe('manual');
    expect(await orchestrator.get(runId ?? '')).toMatchObject({ actor: 'developer' });
  });

  it('fills a range once, in bounded steps, after showing what it would do', async () => {
    const { client, orchestrator } = await aService([aSchedule()]);
    const range = { from: '2026-01-04T00:00:00Z', to: '2026-01-04T00:30:00Z' };
    const outcomesOf = async (body: object) =>
      (await client.backfill({ ...job, body: { ...range, ...body } })).slots.map(
        ({ outcome }) => outcome,
      );

    expect(await outcomesOf({})).toEqual(Array(4).fill('would_start'));
    expect((await orchestrator.list({})).runs).toHaveLength(0);
    expect(await outcomesOf({ dryRun: false, limit: 3 })).toEqual(Array(3).fill('started'));
    expect(await outcomesOf({ dryRun: false })).toEqual([...Array(3).fill('exists'), 'started']);
    expect((await orchestrator.list({})).runs).toHaveLength(4);
    await expect(
      client.backfill({ ...job, body: { ...range, to: '2027-01-01T00:00:00Z' } }),
    ).rejects.toMatchObject({ status: 422, code: 'INPUT_INVALID' });
  });

  it('creates schedules that outlive the process, and removes only those', async () => {
    const { client, clock, orchestrator } = await aService([aSchedule()]);
    const body = { name: 'made', cron: '*/5 * * * *', workflow: 'quick', input: { at: 'x' } };

    await client.create({ body });
    await clock.advance(6 * minuteMs);

    expect((await orchestrator.list({})).runs).toMatchObject([{ actor: 'schedule:made' }]);
    const refusals = [
      client.create({ body }),
      client.create({ body: { ...body, name: 'other', workflow: 'nobody' } }),
      client.create({ body: { ...body, name: 'other', cron: '0 0 31 2 *' } }),
      client.create({ body: { ...body, name: 'other', input: { at: 5 } } }),
      client.remove(job),
      client.get({ params: { name: 'nobody' } }),
    ];
    const codes = (await Promise.allSettled(refusals)).map(
      (result) => result.status === 'rejected' && (result.reason as { code: string }).code,
    );
    expect(codes).toEqual([
      'TRIGGER_CONFLICT',
      'WORKFLOW_UNKNOWN',
      'DEFINITION_INVALID',
      'INPUT_INVALID',
      'TRIGGER_CONFLICT',
      'TRIGGER_UNKNOWN',
    ]);
    await client.remove({ params: { name: 'made' } });
    await clock.advance(5 * minuteMs);
    expect((await client.list()).schedules.map(({ name }) => name)).toEqual(['job']);
  });
});

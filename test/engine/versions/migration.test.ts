import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { misfitOf } from '../../../src/chart/moving/fitting.ts';
import { defineEvent, defineTask, defineWorkflow, type Store } from '../../../src/index.ts';
import { isStep } from '../../../src/plan/plan.ts';
import { createDeeds } from '../../support/deeds.ts';
import { type Deploys, type Medium, openDeploys } from '../../support/deploys.ts';
import { day, eventsOf } from '../../support/engine-bench.ts';
import { anOrder, type OrderParts } from '../../support/versions.ts';

const media: readonly Medium[] = ['lowdb', 'sqlite'];
const approval = { outcome: 'approved', actor: 'ann' } as const;
const asked = { workflow: 'order', to: 2, actor: 'olga', reason: 'new process' } as const;

/** An order of version 1 that has waited ten days for its approval, and version 2 as it is about to be deployed. */
async function waiting(medium: Medium, next: OrderParts, first: OrderParts = {}) {
  const deeds = createDeeds();
  const before = anOrder(deeds, first);
  const after = anOrder(deeds, { version: 2, ...next });
  const deploys = await openDeploys(medium, [before]);
  const { runId } = await deploys.engine.start(before, { amount: 5 });
  await deploys.engine.drive(runId);
  deploys.clock.jump(10 * day);
  const judgement = await deploys.judge(runId, before, after);
  return { deploys, deeds, runId, before, after, judgement };
}

/** Nothing of a run may be half of one version and half of the other. */
async function expectWhole(deploys: Deploys, runId: string, version: number): Promise<void> {
  const stored = await deploys.store.load(runId);
  const plan = await deploys.store.plan('order', version, stored?.header.planHash ?? '');
  expect(stored?.header.version).toBe(version);
  expect(plan?.hash).toBe(stored?.header.planHash);
  expect(await deploys.engine.verify(runId)).toMatchObject({ fault: null });
}

describe.each(media)('I-03 on %s: a run waits for days while its workflow changes', (medium) => {
  it('a step inserted after: it stays by itself, or moves as it is and does that step', async () => {
    const { deploys, deeds, runId, after, judgement } = await waiting(medium, { thank: true });
    expect(judgement).toMatchObject({ verdict: 'continues', stays: true, moves: 'as_it_is' });
    const engine = await deploys.deploy([after]);

    const report = await engine.migrate({ ...asked });

    expect(report.runs).toMatchObject([{ runId, from: 1, outcome: 'moved', reasons: [] }]);
    await expectWhole(deploys, runId, 2);
    await engine.decide(runId, 'approval', approval);
    expect(await engine.result(runId)).toBe('thank done');
    expect(deeds.names).toEqual(['pack', 'ship', 'thank']);
    await expectWhole(deploys, runId, 2);
  });

  it('left alone it ends on its own version', async () => {
    const { deploys, deeds, runId, after } = await waiting(medium, { thank: true });
    const engine = await deploys.deploy([after]);

    await engine.decide(runId, 'approval', approval);

    expect(await engine.result(runId)).toBe('ship done');
    expect(deeds.names).toEqual(['pack', 'ship']);
    await expectWhole(deploys, runId, 1);
  });

  it('a step inserted before: it moves if that step may begin, and waits anew behind it', async () => {
    const { deploys, deeds, runId, after, judgement } = await waiting(medium, { check: true });
    expect(judgement).toMatchObject({ stays: true, suggestion: { perform: ['check'] } });
    const engine = await deploys.deploy([after]);
    const refused = await engine.migrate(asked);
    expect(refused.runs).toMatchObject([
      { outcome: 'needs_mapping', reasons: [{ step: 'check' }] },
    ]);
    await expectWhole(deploys, runId, 1);

    const report = await engine.migrate({ ...asked, mapping: { perform: ['check'] } });

    expect(report.runs).toMatchObject([{ outcome: 'moved', changes: { begins: ['check'] } }]);
    await engine.drive(runId);
    expect(deeds.names).toEqual(['pack', 'check']);
    const { waitingOn } = await engine.get(runId);
    expect(waitingOn).toMatchObject([{ kind: 'review', step: 'approval', shown: 'check done' }]);
    const inThirtyDays = new Date(deploys.clock.nowMs() + 30 * day).toISOString();
    expect(waitingOn[0]?.until).toBe(inThirtyDays);
    await engine.decide(runId, 'approval', approval);
    expect(await engine.result(runId)).toBe('ship done');
    expect(deeds.names).toEqual(['pack', 'check', 'ship']);
  });

  it('a step inserted before whose result the mapping gives: it goes on waiting where it waits', async () => {
    const { deploys, deeds, runId, after } = await waiting(medium, { check: true });
    const engine = await deploys.deploy([after]);
    const [before] = (await engine.get(runId)).waitingOn;

    const mapping = { results: { check: ({ results }: { results: object }) => ({ ...results }) } };
    await engine.migrate({ ...asked, mapping });

    expect((await engine.get(runId)).waitingOn).toEqual([before]);
    const given = (await engine.history(runId)).find(({ event }) => event === 'check.completed');
    expect(given).toMatchObject({ actor: 'olga', output: { pack: 'pack done' } });
    await engine.decide(runId, 'approval', approval);
    expect(await engine.result(runId)).toBe('ship done');
    expect(deeds.names).toEqual(['pack', 'ship']);
    await expectWhole(deploys, runId, 2);
  });

  it('the review it waits at renamed: with the suggested mapping its deadline stays as promised', async () => {
    const { deploys, deeds, runId, after, judgement } = await waiting(medium, {
      approval: 'consent',
    });
    expect(judgement).toMatchObject({
      verdict: 'needs_mapping',
      suggestion: { steps: { approval: 'consent' } },
    });
    const engine = await deploys.deploy([after]);
    await expect(engine.decide(runId, 'approval', approval)).rejects.toMatchObject({
      code: 'DEFINITION_MISSING',
    });

    await engine.migrate({ ...asked, mapping: judgement.suggestion ?? {} });

    expect((await engine.get(runId)).waitingOn).toMatchObject([
      { step: 'consent', until: new Date(deploys.clock.nowMs() + 20 * day).toISOString() },
    ]);
    const later = await deploys.deploy([after]);
    await later.decide(runId, 'consent', approval);
    expect(await later.result(runId)).toBe('ship done');
    expect(deeds.names).toEqual(['pack', 'ship']);
  });

  it('a renamed review expires when the old one would have', async () => {
    const { deploys, runId, after } = await waiting(medium, { approval: 'consent' });
    const engine = await deploys.deploy([after]);
    await engine.migrate({ ...asked, mapping: { steps: { approval: 'consent' } } });

    deploys.clock.jump(20 * day);
    await engine.sweep();

    expect(await engine.result(runId)).toBe('ship done');
    expect(await eventsOf(engine, runId)).toContain('consent.expired');
  });

  it('the review it waits at removed: it moves on only when somebody says so', async () => {
    const { deploys, deeds, runId, after } = await waiting(medium, { approval: null });
    const engine = await deploys.deploy([after]);
    expect((await engine.migrate(asked)).runs).toMatchObject([{ outcome: 'needs_mapping' }]);

    const mapping = { steps: { approval: null }, perform: ['ship'] };
    const report = await engine.migrate({ ...asked, mapping });

    expect(report.runs).toMatchObject([
      { outcome: 'moved', changes: { withdrawn: ['approval'], begins: ['ship'] } },
    ]);
    expect(await engine.result(runId)).toBe('ship done');
    expect(deeds.names).toEqual(['pack', 'ship']);
  });

  it('a step that is done removed: its result is in nobody’s way', async () => {
    const { deploys, deeds, runId, after, judgement } = await waiting(medium, { pack: false });
    expect(judgement).toMatchObject({ verdict: 'continues', stays: false, moves: 'as_it_is' });
    const engine = await deploys.deploy([after]);

    await engine.migrate(asked);
    await engine.decide(runId, 'approval', approval);

    expect(await engine.result(runId)).toBe('ship done');
    expect(deeds.names).toEqual(['pack', 'ship']);
  });

  it('a step that comes later renamed: it moves as it is', async () => {
    const { deploys, deeds, runId, after, judgement } = await waiting(medium, { ship: 'deliver' });
    expect(judgement).toMatchObject({ verdict: 'continues', moves: 'as_it_is' });
    const engine = await deploys.deploy([after]);

    await engine.migrate(asked);
    await engine.decide(runId, 'approval', approval);

    expect(await engine.result(runId)).toBe('ship done');
    expect(deeds.all.at(-1)).toMatchObject({ what: 'ship', runId });
  });

  it('repeated, it changes nothing more; every move is one entry that says who, why and from where', async () => {
    const { deploys, runId, before, after } = await waiting(medium, { thank: true });
    const engine = await deploys.deploy([before, after]);

    await engine.migrate(asked);
    const history = await engine.history(runId);
    const again = await engine.migrate(asked);

    expect(again.runs).toMatchObject([{ outcome: 'already' }]);
    expect(await engine.history(runId)).toEqual(history);
    expect(history.filter(({ event }) => event === 'run.migrated')).toMatchObject([
      {
        actor: 'olga',
        data: {
          reason: 'new process',
          from: { version: 1, planHash: before.plan.hash },
          to: { version: 2, planHash: after.plan.hash },
        },
      },
    ]);
  });

  it('and back again', async () => {
    const { deploys, deeds, runId, before, after } = await waiting(medium, { approval: 'consent' });
    const engine = await deploys.deploy([before, after]);

    await engine.migrate({ ...asked, mapping: { steps: { approval: 'consent' } } });
    await engine.migrate({ ...asked, to: 1, mapping: { steps: { consent: 'approval' } } });

    const later = await deploys.deploy([before]);
    await later.decide(runId, 'approval', approval);
    expect(await later.result(runId)).toBe('ship done');
    expect(deeds.names).toEqual(['pack', 'ship']);
    await expectWhole(deploys, runId, 1);
  });

  it('a dry run changes nothing and says the same', async () => {
    const { deploys, runId, after } = await waiting(medium, { thank: true });
    const engine = await deploys.deploy([after]);
    const before = await deploys.store.load(runId);

    const dry = await engine.migrate({ ...asked, dryRun: true });

    expect(await deploys.store.load(runId)).toEqual(before);
    expect(dry).toMatchObject({ dryRun: true, runs: [{ outcome: 'moved' }] });
    expect((await engine.migrate(asked)).runs).toEqual(dry.runs);
  });
});

const paidEvent = defineEvent({ name: 'paid', payload: z.object({}) });
const Parcel = z.object({ kind: z.enum(['letter', 'box']), note: z.string().optional() });

/** Weighs, waits for the event `paid`, posts. */
function aParcel(
  version: number,
  parcel: z.ZodType<{ kind: string }>,
  sent: unknown[],
  given: unknown = { kind: 'box' },
) {
  const weigh = defineTask({
    name: 'weigh',
    input: z.object({}),
    output: parcel as z.ZodType<{ kind: string }, { kind: string }>,
    compensate: 'none',
    run: async () => given as { kind: string },
  });
  const post = defineTask({
    name: 'post',
    input: z.object({ parcel }),
    output: z.string(),
    compensate: 'none',
    async run({ input }) {
      sent.push(input);
      return `posted a ${input.parcel.kind}`;
    },
  });
  return defineWorkflow({
    name: 'order',
    version,
    input: z.object({}),
    steps(w) {
      const weighed = w.task('weigh', weigh, { input: w.input });
      const paid = w.waitFor('paid', paidEvent, { within: '30d' });
      return w.task('post', post, { input: { parcel: weighed }, after: [paid] });
    },
  });
}

async function waitingParcel(medium: Medium, next: z.ZodType<{ kind: string }>, given?: unknown) {
  const sent: unknown[] = [];
  const before = aParcel(1, Parcel, sent, given);
  const after = aParcel(2, next, sent);
  const deploys = await openDeploys(medium, [before]);
  const { runId } = await deploys.engine.start(before, {});
  await deploys.engine.drive(runId);
  deploys.clock.jump(3 * day);
  const judgement = await deploys.judge(runId, before, after);
  const engine = await deploys.deploy([after]);
  return { deploys, engine, runId, sent, judgement };
}

describe.each(media)('I-03 on %s: a schema changes under a recorded result', (medium) => {
  it('widened: the result fits, and is read as it was', async () => {
    const wider = Parcel.extend({ kind: z.enum(['letter', 'box', 'pallet']) });
    const { engine, runId, sent, judgement } = await waitingParcel(medium, wider);
    expect(judgement).toMatchObject({ moves: 'as_it_is' });

    await engine.migrate(asked);
    await engine.signal(runId, 'paid', {});

    expect(await engine.result(runId)).toBe('posted a box');
    expect(sent).toEqual([{ parcel: { kind: 'box' } }]);
  });

  it('narrowed, and the result fits all the same', async () => {
    const narrower = Parcel.extend({ kind: z.enum(['box']) });
    const { engine, runId, judgement } = await waitingParcel(medium, narrower);
    expect(judgement).toMatchObject({ moves: 'as_it_is' });

    await engine.migrate(asked);
    await engine.signal(runId, 'paid', {});

    expect(await engine.result(runId)).toBe('posted a box');
  });

  it('narrowed, and the result does not fit: the mapping gives another, or it stays', async () => {
    const narrower = Parcel.extend({ kind: z.enum(['letter']) });
    const { engine, runId, sent, judgement } = await waitingParcel(medium, narrower);
    expect(judgement).toMatchObject({
      verdict: 'continues',
      stays: true,
      moves: 'with_mapping',
      reasons: [{ step: 'weigh', text: expect.stringContaining('kind'), remedy: 'results' }],
    });
    expect((await engine.migrate(asked)).runs).toMatchObject([{ outcome: 'needs_mapping' }]);
    const wrong = await engine.migrate({
      ...asked,
      mapping: { results: { weigh: { kind: 'box' } } },
    });
    expect(wrong.runs).toMatchObject([{ outcome: 'needs_mapping' }]);

    await engine.migrate({ ...asked, mapping: { results: { weigh: { kind: 'letter' } } } });
    await engine.signal(runId, 'paid', {});

    expect(await engine.result(runId)).toBe('posted a letter');
    expect(sent).toEqual([{ parcel: { kind: 'letter' } }]);
  });

  it('a field required that the result lacks', async () => {
    const stricter = Parcel.required();
    const { engine, runId } = await waitingParcel(medium, stricter);
    expect((await engine.migrate(asked)).runs).toMatchObject([
      {
        outcome: 'needs_mapping',
        reasons: [{ step: 'weigh', text: expect.stringContaining('note') }],
      },
    ]);

    const results = {
      weigh: ({ results: { weigh } }: { results: { [step: string]: unknown } }) => ({
        ...(weigh as object),
        note: 'none',
      }),
    };
    await engine.migrate({ ...asked, mapping: { results } });
    await engine.signal(runId, 'paid', {});

    expect(await engine.result(runId)).toBe('posted a box');
  });
});

describe.each(media)('moving runs on %s, and what could go wrong', (medium) => {
  it('I-02: a run written by a newer engine is left alone, and said so', async () => {
    const { deploys, runId, after } = await waiting(medium, { thank: true });
    const newer = (store: Store): Store => ({
      ...store,
      async list(query) {
        const page = await store.list(query);
        const runs = page.runs.map(({ header, state }) => ({
          header,
          state: { ...state, body: { ...state.body, format: 99 } },
        }));
        return { ...page, runs };
      },
    });
    const engine = await deploys.deploy([after], newer);
    const before = await deploys.store.load(runId);

    const report = await engine.migrate(asked);

    expect(report.runs).toMatchObject([
      { outcome: 'cannot', reasons: [{ text: expect.stringContaining('format 99') }] },
    ]);
    expect(await deploys.store.load(runId)).toEqual(before);
  });

  it('I-04: a run whose workflow is missing waits; moved to a version that is there, it goes on', async () => {
    const { deploys, runId, after } = await waiting(medium, { ship: null });
    const engine = await deploys.deploy([after]);
    expect((await engine.get(runId)).waitingOn).toContainEqual(
      expect.objectContaining({ kind: 'definition' }),
    );

    await engine.migrate(asked);
    expect((await engine.get(runId)).waitingOn.map(({ kind }) => kind)).toEqual(['review']);
    await engine.decide(runId, 'approval', approval);

    expect(await engine.result(runId)).toBe('not shipped');
  });

  it('I-05: engines that know nothing of moves refuse a moved run, and read the others', async () => {
    const { deploys, runId, before, after } = await waiting(medium, { thank: true });
    const engine = await deploys.deploy([before, after]);
    const other = await engine.start(after, { amount: 1 });
    await engine.drive(other.runId);

    await engine.migrate({ ...asked, runId });

    const formatOf = async (id: string) => (await deploys.store.load(id))?.state.body['format'];
    expect([await formatOf(runId), await formatOf(other.runId)]).toEqual([2, 1]);
  });

  it('I-06: killed around the commit, each run is on one version or the other, and the rest is moved next time', async () => {
    const { deploys, deeds, runId, before, after } = await waiting(medium, { approval: 'consent' });
    const more = await deploys.engine.start(before, { amount: 6 });
    await deploys.engine.drive(more.runId);
    const mapping = { steps: { approval: 'consent' } };
    let commits = 0;
    const dying = (store: Store): Store => ({
      ...store,
      async commit(batch) {
        commits += 1;
        if (commits === 2) throw new Error('killed');
        return store.commit(batch);
      },
    });
    const engine = await deploys.deploy([after], dying);

    await expect(engine.migrate({ ...asked, mapping })).rejects.toThrow();

    const runs = [runId, more.runId];
    const versions = async () =>
      Promise.all(runs.map(async (id) => (await deploys.store.load(id))?.header.version));
    expect(new Set(await versions())).toEqual(new Set([1, 2]));
    const next = await deploys.deploy([after]);
    await next.migrate({ ...asked, mapping });
    expect(await versions()).toEqual([2, 2]);
    for (const id of runs) {
      await next.decide(id, 'consent', approval);
      expect(await next.result(id)).toBe('ship done');
      await expectWhole(deploys, id, 2);
    }
    expect(deeds.names).toEqual(['pack', 'pack', 'ship', 'ship']);
  });

  it('I-07: what a condition and a mapper answered then counts, whatever they would answer now', async () => {
    const answers: string[] = [];
    const deeds = createDeeds();
    const luck = (version: number, lucky: boolean) =>
      defineWorkflow({
        name: 'order',
        version,
        input: z.object({}),
        steps(w) {
          const drawn = w.derive('drawn', w.input, () => {
            answers.push(`drawn in version ${version}`);
            return version;
          });
          const isLucky = w.is(drawn, 'lucky', () => {
            answers.push(`lucky in version ${version}`);
            return lucky;
          });
          const look = w.review('look');
          const won = w.task('won', deeds.task('won', { compensate: 'none' }), {
            input: { drawn, look },
            when: isLucky,
          });
          return w.derive('end', { won, drawn }, (all) => (all.won === undefined ? 'lost' : 'won'));
        },
      });
    const deploys = await openDeploys(medium, [luck(1, true)]);
    const { runId } = await deploys.engine.start('order', {});
    await deploys.engine.drive(runId);
    const engine = await deploys.deploy([luck(2, false)]);

    await engine.migrate(asked);
    await engine.decide(runId, 'look', approval);

    expect(await engine.result(runId)).toBe('won');
    expect(deeds.all).toMatchObject([{ what: 'won', input: { drawn: 1 } }]);
    expect(answers).toEqual(['drawn in version 1', 'lucky in version 1']);
  });

  it('a slip of the pen in the mapping is refused before anything moves', async () => {
    const { deploys, runId, after } = await waiting(medium, { approval: 'consent' });
    const engine = await deploys.deploy([after]);

    for (const mapping of [
      { steps: { approval: 'konsent' } },
      { steps: { aproval: 'consent' } },
      { perform: ['nothing'] },
    ]) {
      await expect(engine.migrate({ ...asked, mapping })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
    }
    await expectWhole(deploys, runId, 1);
  });
});

it('a mapping that gives null as the result of a step whose failures are tolerated is told what is wrong', () => {
  const count = defineTask({
    name: 'count',
    input: z.object({}),
    output: z.number(),
    compensate: 'none',
    run: async () => 1,
  });
  const { plan } = defineWorkflow({
    name: 'counting',
    version: 1,
    input: z.object({}),
    steps(w) {
      w.task('count', count, { input: w.input, tolerate: 'any' });
      return w.derive('end', w.input, () => null);
    },
  });
  const [step] = plan.nodes.filter(isStep);
  if (step === undefined) throw new Error('the plan has no step');
  const events = { before: {}, after: {} };

  expect(misfitOf(null, step, null, false, events)).toContain('number');
  expect(misfitOf(null, step, { status: 'complete', value: 1 }, false, events)).toBeNull();
});

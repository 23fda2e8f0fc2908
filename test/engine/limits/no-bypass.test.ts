import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { compileChart } from '../../../src/chart/advance.ts';
import type { Chart, ChartState, ChartTransition } from '../../../src/chart/chart.ts';
import { defineEvent, defineWorkflow } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { openBench } from '../../support/engine-bench.ts';
import { plainIncident } from '../../support/incident.ts';

interface Place {
  readonly path: string;
  readonly state: ChartState;
  readonly parent: Place | null;
  readonly children: Place[];
}

function placesOf(chart: Chart): readonly Place[] {
  const all: Place[] = [];
  const visit = (path: string, state: ChartState, parent: Place | null): Place => {
    const place: Place = { path, state, parent, children: [] };
    all.push(place);
    for (const [name, child] of Object.entries(state.states ?? {}))
      place.children.push(visit(path === '' ? name : `${path}.${name}`, child, place));
    return place;
  };
  visit('', chart, null);
  return all;
}

/** Every state the chart can get into if all guards held and the closed states did not exist. */
function reachable(chart: Chart, isClosed: (place: Place) => boolean): ReadonlySet<string> {
  const places = placesOf(chart);
  const reached = new Set<Place>();
  const root = places[0] as Place;

  const find = (from: Place, target: string): Place => {
    const sibling = `${from.parent?.path === '' ? '' : `${from.parent?.path}.`}${target}`;
    const found = target.startsWith('#')
      ? places.find(({ state }) => state.id === target.slice(1))
      : places.find(({ path }) => path === sibling);
    if (found === undefined)
      throw new Error(`"${from.path}" leads to "${target}", which is no state`);
    return found;
  };
  const isShut = (place: Place | null): boolean =>
    place !== null && (isClosed(place) || isShut(place.parent));
  const enter = (place: Place): void => {
    if (reached.has(place) || isShut(place)) return;
    reached.add(place);
    if (place.parent !== null) enter(place.parent);
    if (place.parent?.state.type === 'parallel') place.parent.children.forEach(enter);
    if (place.state.type === 'parallel') place.children.forEach(enter);
    else for (const child of place.children) if (isInitial(place, child)) enter(child);
  };
  const isInitial = (place: Place, child: Place): boolean =>
    child.path.split('.').at(-1) === place.state.initial;
  const isDone = (place: Place): boolean =>
    place.state.type === 'parallel'
      ? place.children.every(isDone)
      : place.children.some((child) => child.state.type === 'final' && reached.has(child));
  const exits = ({ state }: Place): readonly ChartTransition[] => [
    ...Object.values(state.on ?? {}).flat(),
    ...(state.always ?? []),
  ];

  enter(root);
  for (let before = -1; before !== reached.size; ) {
    before = reached.size;
    for (const place of Array.from(reached)) {
      const onDone = isDone(place) ? (place.state.onDone ?? []) : [];
      for (const { target } of [...exits(place), ...onDone])
        if (target !== undefined) enter(find(place, target));
    }
  }
  return new Set([...reached].map(({ path }) => path));
}

const isReview = ({ state }: Place) => state.tags?.includes('waiting_review') === true;
const isClosing = (place: Place) => place.path === 'waiting_review';
const isReviewOf = (step: string) => (place: Place) =>
  isReview(place) && place.path.split('.').includes(step);

/** A review beside other work, so that it lies in a region. */
function aParallelReview() {
  const deeds = createDeeds();
  return defineWorkflow({
    name: 'beside',
    version: 1,
    input: z.object({}),
    steps(w) {
      const one = w.task('one', deeds.task('one'), { input: w.input });
      const asked = w.review('asked');
      const two = w.task('two', deeds.task('two'), { input: one });
      return w.task('three', deeds.task('three'), { input: { two, asked } });
    },
  });
}

describe('a chart', () => {
  const { chart } = compileChart(plainIncident.plan);
  const beside = compileChart(aParallelReview().plan).chart;

  it('H-06: leads to complete', () => {
    expect(reachable(chart, () => false)).toContain('complete');
    expect(reachable(beside, () => false)).toContain('complete');
  });

  it.each([
    ['any review', chart, isReview],
    ['the closing review', chart, isClosing],
    ['the review in the middle', chart, isReviewOf('approval')],
    ['the closing review, beside other work', beside, isClosing],
    ['a review beside other work', beside, isReviewOf('asked')],
  ])('H-06: has no way to complete around %s', (_which, of, closed) => {
    expect(placesOf(of).some(closed)).toBe(true);
    const reached = reachable(of, closed);

    expect(reached).toContain('processing');
    expect(reached).not.toContain('complete');
  });

  it.each([
    ['a task', 'processing.working.diagnosis', '#complete', isReview],
    [
      'a step before the review',
      'processing.working.enrich',
      '#waiting_review',
      isReviewOf('approval'),
    ],
    ['the start', 'pending', '#complete', isClosing],
  ])('H-06: the same search finds a bypass from %s', (_from, path, target, closed) => {
    const edited = structuredClone(chart);
    const place = placesOf(edited).find((each) => each.path === path);
    Object.assign(place?.state ?? {}, {
      on: { ...place?.state.on, 'bypass.taken': [{ target }] },
    });

    expect(reachable(edited, closed)).toContain('complete');
  });
});

describe('a run whose review is open', () => {
  const nudged = defineEvent({ name: 'nudged', payload: z.object({}) });

  function aWorkflow() {
    const deeds = createDeeds();
    const workflow = defineWorkflow({
      name: 'guarded',
      version: 1,
      input: z.object({}),
      steps(w) {
        const made = w.task('make', deeds.task('make'), { input: w.input });
        const nudge = w.waitFor('nudge', nudged);
        const asked = w.review('asked', { after: [made, nudge] });
        const done = w.task('done', deeds.task('done'), { input: asked });
        return w.finish(done, { approve: 'person', requesterMayDecide: false });
      },
    });
    return { workflow, deeds };
  }

  it.each(['asked', 'completion'] as const)(
    'E-04: is completed by no call but the decision of review "%s"',
    async (open) => {
      const { workflow, deeds } = aWorkflow();
      const bench = await openBench({ workflows: [workflow] });
      const { engine } = bench;
      const approved = { outcome: 'approved', actor: 'ann' } as const;
      const { runId } = await engine.start(workflow, {}, { actor: 'bob', key: 'k' });
      await engine.drive(runId);
      await engine.signal(runId, nudged, {}, { id: 'n' });
      if (open === 'completion') await engine.decide(runId, 'asked', approved);
      await engine.drive(runId);
      const done = [...deeds.names];
      const other = open === 'asked' ? 'completion' : 'asked';
      const view = await engine.get(runId);

      const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
        ['REVIEW_NOT_OPEN', () => engine.decide(runId, other, approved)],
        [
          'REVIEW_NOT_OPEN',
          () => engine.decide(runId, 'make', { ...approved, outcome: 'happened' }),
        ],
        ['REVIEW_NOT_OPEN', () => engine.decide(runId, 'run', approved)],
        ['FORM_INVALID', () => engine.decide(runId, open, { ...approved, outcome: 'happened' })],
        ['REVIEW_CHANGED', () => engine.decide(runId, open, { ...approved, shownHash: 'other' })],
        ['INPUT_INVALID', () => engine.decide(runId, open, { ...approved, actor: '' })],
        ['SIGNAL_UNKNOWN', () => engine.signal(runId, `${open}.decided`, { outcome: 'approved' })],
        ['SIGNAL_UNKNOWN', () => engine.signal(runId, `${open}.decided_by_policy`, {})],
        ['SIGNAL_NOT_EXPECTED', () => engine.signal(runId, nudged, {})],
        ['INVALID_TRANSITION', () => engine.retry(runId)],
        ['accepted', () => engine.signal(runId, nudged, {}, { id: 'n' })],
        ['accepted', () => engine.publish(nudged, {})],
        ['accepted', () => engine.publish(`${open}.decided`, { outcome: 'approved' })],
        ['accepted', () => engine.resume(runId)],
        ['accepted', () => engine.pause(runId)],
        ['accepted', () => engine.resume(runId)],
        ['accepted', () => engine.sweep()],
        ['accepted', () => engine.start(workflow, {}, { key: 'k' })],
        ['accepted', () => bench.clock.advance(60 * 60_000)],
        ['accepted', () => bench.crash()],
      ];

      for (const [expected, call] of calls) {
        const answer = await call().then(
          () => 'accepted',
          (error: { code: string }) => error.code,
        );
        expect([String(call), answer]).toEqual([String(call), expected]);
        const now = await bench.engine.get(runId);
        expect(now.status).toBe(view.status);
        expect(now.waitingOn.filter(({ kind }) => kind !== 'pause')).toMatchObject([
          { kind: 'review', step: open },
        ]);
        expect(deeds.names).toEqual(done);
      }

      await bench.engine.decide(runId, open, approved);
      if (open === 'completion')
        expect(await bench.engine.get(runId)).toMatchObject({ status: 'complete' });
    },
  );

  it('E-04: is not completed by the requester who may not decide', async () => {
    const { workflow } = aWorkflow();
    const { engine } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, {}, { actor: 'bob' });
    await engine.drive(runId);
    await engine.signal(runId, nudged, {});
    await engine.decide(runId, 'asked', { outcome: 'approved', actor: 'ann' });
    await engine.drive(runId);

    const decided = engine.decide(runId, 'completion', { outcome: 'approved', actor: 'bob' });

    await expect(decided).rejects.toMatchObject({ code: 'REVIEW_FORBIDDEN' });
    expect(await engine.get(runId)).toMatchObject({ status: 'waiting_review' });
  });
});

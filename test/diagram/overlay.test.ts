import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { changeRows } from '../../src/diagram/change-rows.ts';
import { drawChange, drawSvg } from '../../src/diagram/draw.ts';
import { edgeKey } from '../../src/diagram/graph.ts';
import { overlayOfPath, pathOfNames } from '../../src/diagram/highlight.ts';
import { combine, heatOf, type Overlay } from '../../src/diagram/overlay.ts';
import { overlayOfRun, type RunTrace } from '../../src/diagram/run-overlay.ts';
import { defineTask, defineWorkflow } from '../../src/index.ts';
import { plainIncident } from '../support/incident.ts';

const { plan } = plainIncident;

function entry(step: string, settles: 'complete' | 'skipped' | 'failed', event = `${step}.ended`) {
  return { event, step, settles, from: 'processing', to: 'processing' } as const;
}
const begun = [
  { event: 'run.started', step: null, settles: null, from: 'pending', to: 'processing' } as const,
  entry('ingest', 'complete'),
  entry('enrich', 'complete'),
  entry('diagnosis', 'complete'),
];

const waiting: RunTrace = {
  status: 'processing',
  state: { processing: { working: { approval: 'waiting_review' } } },
  waitingOn: [{ kind: 'review', step: 'approval' }],
  failedStep: null,
  history: begun,
};

const failed: RunTrace = {
  status: 'failed',
  state: 'failed',
  waitingOn: [],
  failedStep: 'report',
  history: [
    ...begun,
    entry('approval', 'complete'),
    entry('escalate', 'skipped'),
    entry('automated_fix', 'complete'),
    { ...entry('report', 'failed'), to: 'compensating' },
    { ...entry('automated_fix', 'complete', 'undo.completed'), from: 'compensating', to: 'failed' },
  ],
};

function stateOf(overlay: Overlay, ids: readonly string[]): readonly (string | undefined)[] {
  return ids.map((id) => overlay.nodes.get(id)?.state);
}

describe('the overlay of a run', () => {
  it('shows what is done and what waits, and leaves open what is still to come', () => {
    const overlay = overlayOfRun(plan, waiting);

    expect(stateOf(overlay, ['$start', 'diagnosis', 'approval', 'report', '$complete'])).toEqual([
      'done',
      'done',
      'waiting',
      undefined,
      undefined,
    ]);
    expect(
      stateOf(overlay, ['pending', 'processing', 'processing.working.approval', 'complete']),
    ).toEqual(['done', 'waiting', 'waiting', undefined]);
    expect(overlay.edges.get('diagnosis -> approval')).toEqual({ state: 'done' });
    expect(overlay.edges.get('approval -> escalate')).toBeUndefined();
  });

  it('says that something runs while an attempt is under way', () => {
    const overlay = overlayOfRun(plan, {
      ...waiting,
      waitingOn: [
        { kind: 'attempt', step: 'diagnosis' },
        { kind: 'timer', step: 'diagnosis' },
      ],
    });

    expect(stateOf(overlay, ['diagnosis', 'processing'])).toEqual(['current', 'current']);
  });

  it('shows what failed, was undone, was skipped and is never taken', () => {
    const overlay = overlayOfRun(plan, failed);

    expect(
      stateOf(overlay, ['approval', 'automated_fix', 'escalate', 'report', 'completion']),
    ).toEqual(['done', 'undone', 'skipped', 'failed', 'not_taken']);
    expect(
      stateOf(overlay, ['processing', 'processing.draining', 'compensating', 'failed', 'complete']),
    ).toEqual(['done', 'done', 'done', 'failed', 'not_taken']);
    expect(overlay.edges.get('approval -> escalate')).toEqual({ state: 'not_taken' });
    expect(overlay.edges.get('processing -> compensating')).toEqual({ state: 'done' });
    expect(overlay.edges.get('processing -> waiting_review')).toEqual({ state: 'not_taken' });
  });

  it('is drawn with a sign for each state, not by colour alone', async () => {
    const svg = await drawSvg(plan, { overlay: overlayOfRun(plan, failed), theme: 'light' });

    expect(svg).toContain('data-node="report" data-kind="task" data-state="failed"');
    for (const words of ['done', 'failed', 'skipped', 'not taken', 'undone'])
      expect(svg).toContain(`>${words}</text>`);
    expect(svg).not.toContain('>waiting</text>');
  });
});

describe('a path to point at', () => {
  it('marks steps and states by their names, and what leads from one to the next', () => {
    const overlay = overlayOfPath(plan, pathOfNames(plan, ['approval', 'escalate', 'completion']));

    expect([...overlay.nodes.keys()]).toEqual([
      'approval',
      'escalate',
      'completion',
      'processing.working.approval',
      'processing.working.stage:4.region:1.escalate',
      'waiting_review',
    ]);
    expect([...overlay.edges.keys()]).toEqual([
      'approval -> escalate',
      'processing.working.approval -> processing.working.stage:4',
      'processing -> waiting_review',
    ]);
  });

  it('refuses a name the workflow does not have, and says which it has', () => {
    expect(() => pathOfNames(plan, ['approve'])).toThrow(
      expect.objectContaining({
        code: 'PATH_UNKNOWN',
        hint: 'Its steps are: ingest, enrich, diagnosis, approval, automated_fix, escalate, report, completion',
      }),
    );
  });

  it('can be laid over a run', async () => {
    const both = combine(
      overlayOfRun(plan, waiting),
      overlayOfPath(plan, pathOfNames(plan, ['approval'])),
    );

    expect(both.nodes.get('approval')).toEqual({ state: 'waiting', isHighlighted: true });
  });
});

describe('two versions', () => {
  const text = z.string();
  const task = (name: string, maxAttempts = 1) =>
    defineTask({
      name,
      input: text,
      output: text,
      compensate: 'none',
      retry: { maxAttempts },
      run: async ({ input }) => input,
    });
  const parcel = (version: number) =>
    defineWorkflow({
      name: 'parcel',
      version,
      input: text,
      steps(w) {
        const weighed = w.task('weigh', task('weigh', version + 2), { input: w.input });
        const packed = w.task(version === 1 ? 'wrap' : 'box', task('pack'), { input: weighed });
        if (version === 1) w.review('release', { show: packed });
        return version === 1 ? packed : w.finish(packed, { approve: 'automatic' });
      },
    }).plan;

  it('become one drawing: each part is added, removed, changed or as before, with a sign and a line of its own', async () => {
    const svg = await drawChange(parcel(1), parcel(2), { theme: 'light' });
    const changeOf = (part: string) => new RegExp(`${part}"[^>]* data-change="(\\w+)"`).exec(svg);
    const parts = ['data-node="box', 'data-node="wrap', 'data-node="weigh', 'data-node="\\$start'];
    const arrows = ['data-to="box', 'data-from="weigh" data-to="wrap', 'data-to="\\$complete'];

    expect([...parts, ...arrows].map((part) => changeOf(part)?.[1])).toEqual([
      'added',
      'removed',
      'changed',
      undefined,
      'added',
      'removed',
      undefined,
    ]);
    expect(svg).toMatch(/data-from="weigh" data-to="wrap"[^]*?stroke-dasharray="5 4"/);
    for (const words of ['added', 'removed', 'changed', 'as before', 'pack · was wrap'])
      expect(svg).toContain(`>${words}</text>`);
  });

  it('are told part by part to those who do not see the drawing', () => {
    const rowOf = (name: string, view: 'steps' | 'states' = 'steps') =>
      changeRows(parcel(1), parcel(2), view, new Map([['release', 3]])).find(
        (row) => row.name === name,
      );

    expect(rowOf('weigh')).toMatchObject({ change: 'changed', note: 'call.retry' });
    expect(rowOf('release')).toMatchObject({
      change: 'removed',
      about: 'review · 3 runs here',
    });
    expect(rowOf('start → weigh')).toMatchObject({ change: null, note: null });
    expect(rowOf('running → backing_off', 'states')).toMatchObject({
      change: 'changed',
      about: '+ failed [retryable, at most 3 times], − failed [retryable, at most 2 times]',
      note: 'was: failed [retryable, at most 2 times]',
    });
  });
});

describe('counts', () => {
  it('are written on boxes and arrows, and what was never passed says so', async () => {
    const overlay: Overlay = {
      nodes: new Map([['ingest', { count: 1234 }]]),
      edges: new Map([
        [edgeKey({ from: 'approval', to: 'escalate' }), { count: 0 }],
        [edgeKey({ from: 'approval', to: 'automated_fix' }), { count: 7 }],
      ]),
    };

    const svg = await drawSvg(plan, { overlay, theme: 'light' });

    for (const words of ['×1,234', 'never', '×7']) expect(svg).toContain(`>${words}</text>`);
  });

  it('are the warmer the more there are', () => {
    expect([0, 1, 30, 500, 1_000].map((count) => heatOf(count, 1_000))).toEqual([0, 1, 2, 3, 4]);
  });
});

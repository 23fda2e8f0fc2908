import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { graphOf } from '../../src/diagram/graph-of.ts';
import { defineTask, defineWorkflow, type Workflow } from '../../src/index.ts';
import { plainIncident } from '../support/incident.ts';
import { everything, fork } from './samples.ts';

const work = defineTask({
  name: 'work',
  input: z.unknown(),
  output: z.number(),
  compensate: 'none',
  run: () => Promise.resolve(1),
});

function edgesOf(workflow: Workflow<never, unknown>): readonly string[] {
  return graphOf(workflow.plan).edges.map(({ from, to, label }) =>
    label === '' ? `${from} > ${to}` : `${from} > ${to}: ${label}`,
  );
}

describe('the step graph', () => {
  it('leads from the start through the steps and the closing review to the end', () => {
    expect(edgesOf(plainIncident)).toEqual([
      '$start > ingest',
      'ingest > enrich',
      'enrich > diagnosis',
      'diagnosis > approval',
      'approval > automated_fix: approved',
      'approval > escalate: not approved',
      'automated_fix > report',
      'escalate > report',
      'report > completion',
      'completion > $complete',
    ]);
  });

  it('leaves out what another edge implies', () => {
    expect(edgesOf(fork)).toEqual([
      '$start > prepare',
      'prepare > left',
      'prepare > middle',
      'middle > right',
      'left > join',
      'right > join',
      'join > completion',
      'completion > $complete',
    ]);
  });

  it('knows every kind of step, in order of declaration', () => {
    const { nodes } = graphOf(everything.plan);

    expect(
      nodes.map(({ id, kind, caption }) => [id, kind, caption.replaceAll('\u00a0', ' ')]),
    ).toEqual([
      ['$start', 'start', 'also on order.placed'],
      ['reserve', 'task', 'reserve_stock'],
      ['check', 'review', 'review · automatic if all in stock · within 2d'],
      ['payment', 'wait', 'waits for order.paid · within 24h'],
      ['refuse', 'fail', 'The order is too large for what is known about the customer'],
      ['charge', 'task', 'else charge_by_invoice'],
      ['receipt', 'task', ''],
      ['grace', 'sleep', 'sleeps 30d'],
      ['remind', 'task', ''],
      ['deliver', 'child', 'runs shipping v3'],
      ['pack', 'map', 'for each 20 items: wrap_parcel'],
      ['announce', 'emit', 'emits order.paid'],
      ['completion', 'closing', 'by a person · within 24h'],
      ['$complete', 'complete', ''],
      ['$failed', 'failed', 'after undoing what is done'],
    ]);
  });

  it('marks what can be undone and what cannot, in a map and in a fallback as well', () => {
    const marks = graphOf(everything.plan).nodes.flatMap(({ id, undo }) =>
      undo === null ? [] : [[id, undo]],
    );

    expect(marks).toEqual([
      ['reserve', 'undoable'],
      ['charge', 'irreversible'],
      ['pack', 'undoable'],
    ]);
  });

  it('writes the condition of a branch on the way into it, not on every step of it', () => {
    expect(edgesOf(everything)).toContain('charge > grace: kind is invoice');
    expect(edgesOf(everything)).toContain('grace > remind');
    expect(graphOf(everything.plan).nodes.find(({ id }) => id === 'remind')?.condition).toBe(
      'kind is invoice',
    );
  });

  it('leads past a step that fails the run', () => {
    const guarded = defineWorkflow({
      name: 'guarded',
      version: 1,
      input: z.number(),
      steps(w) {
        return w.sequence(() => {
          const first = w.task('first', work, { input: w.input });
          w.fail('refuse', 'Too much', { when: w.is(first, 'above 3', (value) => value > 3) });
          return w.task('second', work, { input: w.input });
        });
      },
    });

    expect(edgesOf(guarded)).toEqual([
      '$start > first',
      'first > refuse: above 3',
      'first > second',
      'second > completion',
      'completion > $complete',
      'refuse > $failed',
    ]);
  });

  it('closes what only a failing step follows', () => {
    const doomed = defineWorkflow({
      name: 'doomed',
      version: 1,
      input: z.number(),
      steps(w) {
        const first = w.task('first', work, { input: w.input });
        w.fail('refuse', 'Too much', { when: w.is(first, 'above 3', (value) => value > 3) });
        return first;
      },
    });

    expect(edgesOf(doomed)).toEqual([
      '$start > first',
      'first > refuse: above 3',
      'first > completion',
      'completion > $complete',
      'refuse > $failed',
    ]);
  });

  it('says a condition in the node when it is decided further back than any of its edges', () => {
    const late = defineWorkflow({
      name: 'late',
      version: 1,
      input: z.number(),
      steps(w) {
        const first = w.task('first', work, { input: w.input });
        const large = w.is(first, 'large', (value) => value > 3);
        const a = w.task('a', work, { input: first });
        const b = w.task('b', work, { input: first });
        return w.task('last', work, { input: { a, b }, when: large });
      },
    });

    const last = graphOf(late.plan).nodes.find(({ id }) => id === 'last');

    expect(last).toMatchObject({ caption: 'work · if large', condition: 'large' });
    expect(edgesOf(late)).toContain('a > last');
  });

  it('writes what the input decides on the edge from the start', () => {
    const optional = defineWorkflow({
      name: 'optional',
      version: 1,
      input: z.number(),
      steps: (w) =>
        w.task('only', work, {
          input: w.input,
          when: w.is(w.input, 'wanted', (value) => value > 0),
        }),
    });

    expect(edgesOf(optional)[0]).toBe('$start > only: wanted');
  });

  it('shows who can end the run by a rejection, and which task is told of a failure', () => {
    const watched = defineWorkflow({
      name: 'watched',
      version: 1,
      input: z.number(),
      onFailed: work,
      steps(w) {
        w.review('first', { onRejected: 'fail', expires: '2d', onExpired: 'reject' });
        w.review('second', {});
        return w.finish(w.input, { approve: 'person', expires: '24h' });
      },
    });

    const failing = graphOf(watched.plan).edges.filter(({ kind }) => kind === 'failure');

    expect(failing.map(({ from, to, label }) => [from, to, label])).toEqual([
      ['first', '$failed', 'rejected or expired'],
      ['completion', '$failed', 'rejected or expired'],
      ['$failed', '$onFailed', ''],
    ]);
    expect(graphOf(watched.plan).nodes.at(-1)).toMatchObject({ kind: 'notice', title: 'work' });
  });

  it('goes straight to the closing review without any step', () => {
    const idle = defineWorkflow({
      name: 'idle',
      version: 1,
      input: z.number(),
      steps: (w) => w.input,
    });

    expect(edgesOf(idle)).toEqual(['$start > completion', 'completion > $complete']);
  });
});

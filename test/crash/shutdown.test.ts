import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Assignment } from './support/assignment.ts';
import { mustHaveEnded } from './support/kill-trial.ts';
import { createPlace, effectsIn, type Place, runsIn, startChild } from './support/processes.ts';
import { report } from './support/seed.ts';

const graceMs = 3_000;

describe.concurrent.each(['sqlite', 'lowdb'] as const)(
  'A-13: SIGTERM during 10 tasks on %s',
  (kind) => {
    it('starts nothing more, lets what is quick end, releases the rest, and the next start goes on at once', async () => {
      const place = createPlace(kind);
      try {
        const quick = join(place.directory, 'quick');
        const late = join(place.directory, 'late');
        const assignment: Assignment = {
          store: place.store,
          runs: Array.from({ length: 10 }, (_, index) => ({
            workflow: 'slow',
            // half of them end within the grace; of the others every second one ends when it is told to
            input: { until: index < 5 ? quick : late, obeys: index % 2 === 0 },
            key: `run-${index}`,
          })),
          killAt: null,
          effectsFile: place.effectsFile,
          arrived: [],
          // nobody may have to wait for a lease to expire: it takes longer than the test may
          settings: { leaseMs: 120_000, pollMs: 50 },
          graceMs,
        };
        const first = startChild(assignment);
        await until(() => begun(place, 'take') === 10);

        const startedMs = performance.now();
        first.process.kill('SIGTERM');
        await first.said('closing');
        writeFileSync(quick, '');
        const ended = await first.ended;
        const tookMs = performance.now() - startedMs;

        mustHaveEnded(ended);
        expect(ended.lines.at(-1)).toMatchObject({ type: 'closed' });
        expect([begun(place, 'take'), begun(place, 'next')]).toEqual([10, 0]);
        const left = await runsIn(place.store);
        const taken = left.filter(({ history }) =>
          history.some(({ event }) => event === 'take.completed'),
        );
        expect(taken).toHaveLength(5);
        expect(left.filter(({ state }) => state.status === 'processing')).toHaveLength(10);

        writeFileSync(late, '');
        const second = startChild({ ...assignment, graceMs: null });
        await second.said('opened');
        const openedMs = performance.now();
        await until(() => begun(place, 'take') === 15 && begun(place, 'next') >= 5);
        const waitedMs = performance.now() - openedMs;
        mustHaveEnded(await second.ended);

        const finished = await runsIn(place.store);
        expect(finished.map(({ state }) => state.status)).toEqual(Array(10).fill('complete'));
        expect([begun(place, 'take'), begun(place, 'next')]).toEqual([15, 10]);
        report(
          `SIGTERM, ${kind}: ended after ${Math.round(tookMs)} ms of ${graceMs}; the next start was at work at once (${Math.round(waitedMs)} ms)`,
        );
      } finally {
        place.dispose();
      }
    });
  },
);

describe.concurrent.each(['sqlite', 'lowdb'] as const)(
  'A-14: a task that kills the process, on %s',
  (kind) => {
    it('is given up after three deaths; the other runs go on', async () => {
      const place = createPlace(kind);
      try {
        const maxDispatches = 3;
        const assignment: Assignment = {
          store: place.store,
          runs: ['deadly', 'side-by-side', 'undoing', 'waiting'].map((workflow) => ({
            workflow,
            input: 'x',
            key: workflow,
          })),
          killAt: null,
          effectsFile: place.effectsFile,
          arrived: [],
          // a process that stands still for longer than its lease would count as dead too
          settings: { leaseMs: 1_000, pollMs: 25, maxDispatches },
          graceMs: null,
        };
        let deaths = 0;
        let ended = await startChild(assignment).ended;
        while (ended.signal === 'SIGKILL' && deaths < 10) {
          deaths += 1;
          ended = await startChild(assignment, { DEADLY_ALONE: 'yes' }).ended;
        }

        mustHaveEnded(ended);
        expect(deaths).toBe(maxDispatches);
        const runs = await runsIn(place.store);
        const deadly = runs.find(({ header }) => header.workflow === 'deadly');
        expect(deadly).toMatchObject({
          state: { status: 'failed', body: { outcome: { failure: { name: 'Quarantined' } } } },
        });
        const others = runs.filter(({ header }) => header.workflow !== 'deadly');
        expect(
          others.map(({ header, state }) => `${header.workflow} ${state.status}`).sort(),
        ).toEqual([
          'called complete',
          'side-by-side complete',
          'told complete',
          'undoing failed',
          'waiting complete',
        ]);
        report(`crash loop, ${kind}: given up after ${deaths} deaths`);
      } finally {
        place.dispose();
      }
    });
  },
);

function begun(place: Place, step: string): number {
  return effectsIn(place.effectsFile).filter((effect) => effect.step === step).length;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await delay(10);
}

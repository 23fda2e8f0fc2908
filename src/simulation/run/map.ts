/** A map by chance: its items, so many side by side, each through the tasks of the body with their retries. */
import type { MapStep } from '../../plan/plan.ts';
import { nextDelayMs } from '../../plan/retry-policy.ts';
import { drawMs } from '../distribution.ts';
import { type Model, stepModelOf } from '../model.ts';
import type { ActiveRun } from './active-run.ts';
import { complete, failureOf } from './events.ts';

interface MapSample {
  readonly lastsMs: number;
  readonly hasFailed: boolean;
}

export function startMap(run: ActiveRun, step: string): void {
  const { subject, world, items } = run;
  const node = subject.index.nodes.get(step);
  if (node?.kind !== 'map') return;
  const { lastsMs, hasFailed } = sampleMap(node, subject.model, world.random);
  items.after({ step, kind: 'work' }, lastsMs, () =>
    hasFailed
      ? run.send({ type: `${step}.failed`, failure: failureOf(step, false), undo: 0 })
      : run.send({ type: `${step}.completed`, undo: 0 }, complete(undefined)),
  );
}

function sampleMap(node: MapStep, model: Model, random: () => number): MapSample {
  const { items = 1, duration } = stepModelOf(model, node.id);
  if (model.steps?.[node.id]?.duration !== undefined && duration !== undefined)
    return { lastsMs: drawMs(duration, random), hasFailed: false };
  const calls = node.batch === undefined ? items : Math.ceil(items / node.batch);
  /** When each place is free again. */
  const free = Array.from({ length: Math.max(1, Math.min(node.concurrency, calls)) }, () => 0);
  let hasFailed = false;
  for (let call = 0; call < calls && !(hasFailed && node.onItemFailure === 'fail'); call += 1) {
    const place = free.indexOf(Math.min(...free));
    const sampled = sampleItem(node, model, random);
    free[place] = (free[place] ?? 0) + sampled.lastsMs;
    hasFailed ||= sampled.hasFailed;
  }
  return { lastsMs: Math.max(0, ...free), hasFailed: hasFailed && node.onItemFailure === 'fail' };
}

function sampleItem(node: MapStep, model: Model, random: () => number): MapSample {
  let lastsMs = 0;
  for (const part of node.body) {
    if (part.kind !== 'task') continue;
    const {
      duration,
      failureRate = 0,
      fatalRate = 0,
    } = stepModelOf(model, `${node.id}/${part.id}`);
    for (let attempt = 1; ; attempt += 1) {
      lastsMs += duration === undefined ? (part.expectedMs ?? 0) : drawMs(duration, random);
      const draw = random();
      if (draw >= failureRate + fatalRate) break;
      const delayMs = draw < failureRate ? nextDelayMs(part.call.retry, attempt, random()) : null;
      if (delayMs === null) return { lastsMs, hasFailed: true };
      lastsMs += delayMs;
    }
  }
  return { lastsMs, hasFailed: false };
}

/** A process that plays one path on a real store, and on the way kills itself, if it is told to. Its only argument is a `KillAssignment`. */
import { appendFileSync } from 'node:fs';
import { nodeFileSystem } from '../../adapters/lowdb/index.ts';
import { noting } from '../crash/acknowledged.ts';
import { openLowdb, openSqlite } from '../crash/media.ts';
import { createStage, type Effect } from '../crash/stage.ts';
import { ManualClock } from '../manual-clock.ts';
import type { KillAssignment, KillLine } from './assignment.ts';
import { createMortalLife, say as sayAny } from './mortal-life.ts';
import { linesIn } from './remains.ts';
import { loadScene } from './target.ts';

const assignment: KillAssignment = JSON.parse(process.argv[2] ?? '');
const say = (line: KillLine) => sayAny(line);
const life = createMortalLife(assignment.life, assignment.killAt, (place) =>
  say({ type: 'died', place }),
);

const scene = await loadScene(assignment.target, assignment.path);
const { kind, path } = assignment.store;
const opened = kind === 'lowdb' ? openLowdb(path, nodeFileSystem, life) : openSqlite(path, life);
const store = noting(await opened, life, (made) => say({ type: 'acknowledged', made }));

const stage = createStage(life, (effect) => {
  appendFileSync(assignment.effectsFile, `${JSON.stringify(effect)}\n`);
});
stage.effects.push(...linesIn<Effect>(assignment.effectsFile));
stage.clock = new ManualClock(assignment.startMs);
stage.patienceMs = 10_000;
// no id of an earlier life is given out again
stage.ids = assignment.life * 100_000;
// one process at a time: what a dead one left is taken up at once, not when its lease is over
await scene.play(stage, { ...store, shared: false });
await store.close();
say({ type: 'ended', places: life.places, isUndecided: stage.isUndecided });
process.exit(0);
